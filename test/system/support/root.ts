import { type Needs, needs } from '../../programs.ts'

/** As {@link needs}, for tests that mount, boot or change owners: they need root besides `programs`. */
export function needsRoot(...programs: string[]): Needs {
  const found = needs(...programs)
  if (process.getuid?.() === 0) return found
  if (process.env.REQUIRE_ALL === '1') throw new Error('REQUIRE_ALL=1, so no test may be skipped: run as root')
  return { skip: true, because: `${found.because} (skipped: run as root)` }
}

/** What it takes to make a closure with {@link closureOf}. */
export const CLOSURE_PROGRAMS = ['apt-get', 'dpkg-deb', 'nix', 'nix-build', 'nix-store'] as const
