import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type PathInfo, parsePathInfoJson, parseRegistration, type StorePath } from '../nix/index.ts'
import { reasonOf } from './errors.ts'

const run = promisify(execFile)

/** Room for what a command prints: a record takes some hundred bytes, so this is a closure of a million paths. */
const OUTPUT_MAX = 1024 ** 3

/** Store paths a command line takes at a time: far below the 2 MiB that Linux allows. */
const ARGUMENTS_MAX = 2000

/** Asks the `nix` on PATH. Rejects where there is none, or it is too old, or not allowed, or knows no such path. */
export async function askNix(roots: readonly StorePath[], storeDir: string, signal?: AbortSignal): Promise<PathInfo[]> {
  const flags = ['--extra-experimental-features', 'nix-command', 'path-info', '--json', '--recursive']
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

async function output(program: string, args: string[], signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await run(program, args, { maxBuffer: OUTPUT_MAX, ...(signal && { signal }) })
    return stdout
  } catch (error) {
    signal?.throwIfAborted()
    throw new Error(`${program}: ${lastLine(error) ?? reasonOf(error)}`, { cause: error })
  }
}

function lastLine(error: unknown): string | undefined {
  const said = (error as { stderr?: string }).stderr?.trim()
  return said ? said.split('\n').at(-1) : undefined
}
