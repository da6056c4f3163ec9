import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { withDescriptor } from '../descriptors.ts'
import { reasonOf } from '../disk/index.ts'
import { type PathInfo, parsePathInfoJson, parseRegistration, type StorePath } from '../nix/index.ts'

const run = promisify(execFile)

/** Room for what a command prints: a record takes some hundred bytes, so this is a closure of a million paths. */
const OUTPUT_MAX = 1024 ** 3

/** Store paths a command line takes at a time: far below the 2 MiB that Linux allows. */
const ARGUMENTS_MAX = 2000

/** In front of every command: `nix` has its commands for those who ask for them. */
const NIX_COMMAND = ['--extra-experimental-features', 'nix-command']

/**
 * Asks the `nix` on PATH which store it is set to use: by nix.conf, `NIX_CONFIG`, `NIX_REMOTE` or by default. Resolves
 * to its URL, and to `undefined` where there is no `nix` or it does not say.
 */
export async function askStoreUrl(signal?: AbortSignal): Promise<string | undefined> {
  try {
    // The name before 2.20. Versions since then know it, too, though not for ever: so one start of Nix does for all of them.
    const settings: unknown = JSON.parse(await output('nix', [...NIX_COMMAND, 'show-config', '--json'], signal))
    const url = (settings as { store?: { value?: unknown } }).store?.value
    if (typeof url === 'string') return url
  } catch {
    signal?.throwIfAborted()
  }
  try {
    return (await output('nix', [...NIX_COMMAND, 'config', 'show', 'store'], signal)).trim()
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

/** Asks the `nix` on PATH. Rejects where there is none, or it is too old, or not allowed, or knows no such path. */
export async function askNix(roots: readonly StorePath[], storeDir: string, signal?: AbortSignal): Promise<PathInfo[]> {
  // Without --offline it looks for a path that the store does not have in binary caches, and copies it from there.
  const flags = [...NIX_COMMAND, 'path-info', '--offline', '--json', '--recursive']
  return parsePathInfoJson(await output('nix', [...flags, ...roots.map(root => root.path)], signal), storeDir)
}

/** Asks the `nix-store` on PATH, which every version of Nix has. Rejects as {@link askNix} does. */
export async function askNixStore(
  roots: readonly StorePath[],
  storeDir: string,
  signal?: AbortSignal,
): Promise<PathInfo[]> {
  const listed = await output('nix-store', ['--query', '--requisites', ...roots.map(root => root.path)], signal)
  const paths = listed.split('\n').filter(Boolean)
  const infos: PathInfo[] = []
  for (let at = 0; at < paths.length; at += ARGUMENTS_MAX) {
    const dump = await output('nix-store', ['--dump-db', ...paths.slice(at, at + ARGUMENTS_MAX)], signal)
    infos.push(...parseRegistration(dump, storeDir))
  }
  return infos
}

/** Those of `paths` that are not in the store, says the `nix-store` on PATH. Rejects as {@link askNix} does. */
export async function askInvalid(paths: readonly StorePath[], signal?: AbortSignal): Promise<string[]> {
  const flags = ['--check-validity', '--print-invalid']
  const printed = await output('nix-store', [...flags, ...paths.map(path => path.path)], signal)
  return printed.split('\n').filter(Boolean)
}

async function output(program: string, args: string[], signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await withDescriptor(
      () => run(program, args, { maxBuffer: OUTPUT_MAX, ...(signal && { signal }) }),
      signal,
    )
    return stdout
  } catch (error) {
    signal?.throwIfAborted()
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not on PATH' : reasonOf(error)
    throw new Error(`${program}: ${lastLine(error) ?? reason}`, { cause: error })
  }
}

function lastLine(error: unknown): string | undefined {
  const said = (error as { stderr?: string }).stderr?.trim()
  return said ? said.split('\n').at(-1) : undefined
}
