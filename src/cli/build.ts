import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import {
  buildImage,
  type ClosureSource,
  type ImageFormat,
  type ImageSpec,
  openLocalCache,
  type System,
  writeImage,
} from '../index.ts'
import { createProgressView } from './progress-view.ts'
import { abortOnSignals } from './signals.ts'
import { isStdoutRead, spoilStdout, writeToStdout } from './stdout.ts'
import { formatSummary } from './summary-view.ts'
import { UsageError } from './usage.ts'

/** The options of `build`, as commander names them. */
export interface BuildFlags {
  toplevel?: string
  root?: string[]
  closureInfo?: string
  store?: string[]
  trustedPublicKey?: string[]
  requireSignatures: boolean
  netrc?: string
  tokenFile?: string
  export?: string
  nar?: (readonly [path: string, file: string])[]
  name?: string
  system?: System
  format: ImageFormat
  level?: number
  arm64Branches?: true
  workers?: number
  settings?: string
  out?: string
  stdout?: true
  json?: true
  cache: boolean
  cacheDir?: string
}

/** Builds what the options say, shows how far it is, and prints what came of it. */
export async function runBuild(flags: BuildFlags): Promise<void> {
  checkFlags(flags)
  const started = performance.now()
  const interrupt = abortOnSignals()
  // With both, the JSON goes to standard error, where a program reads it: nothing else belongs there.
  const view = flags.json && flags.stdout ? undefined : createProgressView(process.stderr)
  const cache = flags.cache && openLocalCache(flags.cacheDir)
  const options = { workers: workersOf(flags), signal: interrupt.signal, onProgress: view?.show, cache }
  try {
    const result = flags.stdout
      ? await writeImage(specOf(flags), writeToStdout, options)
      : await buildImage(specOf(flags), flags.out ?? '.', options)
    view?.clear()
    const seconds = (performance.now() - started) / 1000
    // The image itself may go to standard output; then what is to be read goes to the other one.
    const target = flags.stdout ? process.stderr : process.stdout
    target.write(flags.json ? `${JSON.stringify(withoutManifest(result))}\n` : formatSummary(result, seconds, target))
  } catch (error) {
    if (flags.stdout) await spoilStdout()
    throw error
  } finally {
    view?.clear()
    interrupt.dispose()
  }
}

/**
 * Threads, `undefined` for one per processor. A plain tar into a pipe leaves one processor to the reader and to whom
 * writes to it: with two, that takes 1.2 s instead of 1.4 (`npm run bench`). Not where NARs are unpacked, which takes longer
 * than anything a reader does.
 */
function workersOf(flags: BuildFlags): number | undefined {
  const { workers, stdout, format } = flags
  if (workers !== undefined || !stdout || format !== 'tar' || unpacksNars(flags) || !isStdoutRead()) return workers
  return Math.max(1, availableParallelism() - 1)
}

/** Whether the closure comes packed, from a cache or from files; what no store here has comes from a cache, too. */
function unpacksNars({ store, closureInfo, export: exportFile, nar, toplevel, root = [] }: BuildFlags): boolean {
  if (exportFile !== undefined || nar !== undefined) return true
  if (store !== undefined) return store.some(isUrl)
  return closureInfo === undefined && ![toplevel, ...root].some(path => path !== undefined && existsSync(path))
}

function checkFlags(flags: BuildFlags): void {
  const listed = flags.closureInfo ?? flags.export ?? flags.nar
  if (flags.toplevel === undefined && flags.root === undefined && listed === undefined) {
    throw new UsageError('nothing to build: give --toplevel or --root, or --closure-info, --export or --nar')
  }
  if (flags.stdout && flags.out !== undefined) throw new UsageError('--stdout and --out: give one of them')
  if (flags.stdout && flags.settings !== undefined) {
    throw new UsageError('--settings goes into a file beside the image: it cannot be given with --stdout')
  }
  if (flags.stdout && process.stdout.isTTY) {
    throw new UsageError('an image is not for a terminal: redirect standard output, or give --out')
  }
  if (!flags.cache && flags.cacheDir !== undefined) throw new UsageError('--cache-dir and --no-cache: give one of them')
  if (flags.arm64Branches && flags.format !== 'tar.xz') throw new UsageError('--arm64-branches: is for --format tar.xz')
  if (flags.format === 'tar' && flags.level !== undefined) {
    throw new UsageError('--level: --format tar is not compressed')
  }
}

function specOf(flags: BuildFlags): ImageSpec {
  return {
    toplevel: flags.toplevel,
    roots: flags.root,
    source: sourceOf(flags),
    name: flags.name,
    system: flags.system,
    format: flags.format,
    level: flags.level,
    arm64Branches: flags.arm64Branches,
    settings: flags.settings === undefined ? undefined : readOptionFile('--settings', flags.settings),
  }
}

/** What the options say of where the closure comes from. */
function sourceOf(flags: BuildFlags): ClosureSource {
  const { store = [], closureInfo, export: exportFile, nar } = flags
  const folders = store.filter(place => !isUrl(place))
  const urls = store.filter(isUrl)
  if (folders.length > 1 || (folders.length > 0 && urls.length > 0)) {
    throw new UsageError('--store: give one folder, or one or more URLs of binary caches')
  }
  const kinds = {
    '--store DIR or --closure-info': folders[0] ?? closureInfo,
    '--store URL': urls[0],
    '--export': exportFile,
    '--nar': nar,
  }
  const given = Object.entries(kinds).flatMap(([kind, value]) => (value === undefined ? [] : [kind]))
  if (given.length > 1) throw new UsageError(`${given.join(' and ')}: a closure comes from one of them`)
  return {
    closureInfo,
    storeRoot: folders[0],
    caches: urls.length > 0 ? urls : undefined,
    trustedPublicKeys: flags.trustedPublicKey,
    requireSignatures: flags.requireSignatures,
    credentials: credentialsOf(flags, urls),
    exportFile,
    narFiles: nar && Object.fromEntries(nar),
  }
}

function credentialsOf({ netrc, tokenFile }: BuildFlags, urls: readonly string[]): ClosureSource['credentials'] {
  const servers = urls.filter(url => /^https?:/i.test(url))
  if (tokenFile !== undefined && servers.length === 0) {
    throw new UsageError('--token-file: is for a --store URL that begins with https:// or http://; give one')
  }
  const token = tokenFile && new TextDecoder().decode(readOptionFile('--token-file', tokenFile)).trim()
  return {
    netrc: netrc && new TextDecoder().decode(readOptionFile('--netrc', netrc)),
    tokens: token ? servers.map(url => ({ url, token })) : undefined,
  }
}

function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(place)
}

function readOptionFile(option: string, file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`)
  }
}

function withoutManifest(result: object): object {
  const { manifest: _, ...rest } = result as { manifest?: unknown }
  return rest
}
