import { expect } from 'vitest'
import { nixStore, type TestClosure } from './closures.ts'
import type { Report } from './machines.ts'

/** What a machine is asked after it has booted, for {@link expectHealthy}. */
export const QUESTIONS = {
  target: 'systemctl is-active multi-user.target',
  verify: 'nix-store --verify --check-contents',
  closure: 'nix-store --query --requisites /nix/var/nix/profiles/system',
  database: 'nix-store --dump-db',
  mounts: 'stat --file-system --format=%T /proc /sys /dev',
}

/** Expects that a machine reached its target, with a Nix database that says of the closure what ours says. */
export async function expectHealthy(reports: Record<string, Report>, { paths }: TestClosure): Promise<void> {
  expect(reports.target).toMatchObject({ code: '0', stdout: 'active' })
  expect(reports.verify, reports.verify?.stderr).toMatchObject({ code: '0' })
  expect(reports.verify?.stderr).toContain('checking store hashes')
  expect(linesOf(reports.closure?.stdout)).toEqual(paths)
  const { stdout } = await nixStore('--dump-db', ...paths)
  expect(recordsOf(reports.database?.stdout)).toEqual(recordsOf(stdout))
  expect(reports.mounts?.stdout.split('\n')).toEqual(['proc', 'sysfs', 'tmpfs'])
}

function linesOf(text = ''): string[] {
  return text.split('\n').filter(Boolean).sort()
}

/** What `nix-store --dump-db` says, by store path and without derivers, which an image does not know. */
function recordsOf(dump = ''): Record<string, { hash: string; size: string; references: string[] }> {
  const lines = dump.split('\n')
  const records: ReturnType<typeof recordsOf> = {}
  for (let at = 0; at + 5 <= lines.length; ) {
    const [path = '', hash = '', size = '', , count] = lines.slice(at, at + 5)
    records[path] = { hash, size, references: lines.slice(at + 5, at + 5 + Number(count)).sort() }
    at += 5 + Number(count)
  }
  return records
}
