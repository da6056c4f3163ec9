import { readFileSync } from 'node:fs'
import { buildImage, type ImageFormat, type ImageSpec, type System, writeImage } from '../index.ts'
import { createProgressView } from './progress-view.ts'
import { spoilStdout, writeToStdout } from './stdout.ts'
import { formatSummary } from './summary-view.ts'
import { UsageError } from './usage.ts'

/** The options of `build`, as commander names them. */
export interface BuildFlags {
  toplevel?: string
  root?: string[]
  closureInfo?: string
  store?: string
  name?: string
  system?: System
  format: ImageFormat
  level?: number
  workers?: number
  settings?: string
  out?: string
  stdout?: true
  json?: true
}

/** Builds what the options say, shows how far it is, and prints what came of it. */
export async function runBuild(flags: BuildFlags): Promise<void> {
  checkFlags(flags)
  const started = performance.now()
  const interrupt = abortOnSignals()
  // With both, the JSON goes to standard error, where a program reads it: nothing else belongs there.
  const view = flags.json && flags.stdout ? undefined : createProgressView(process.stderr)
  const options = { workers: flags.workers, signal: interrupt.signal, onProgress: view?.show }
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

function checkFlags(flags: BuildFlags): void {
  if (flags.toplevel === undefined && flags.root === undefined && flags.closureInfo === undefined) {
    throw new UsageError('nothing to build: give --toplevel, --root or --closure-info')
  }
  if (flags.stdout && flags.out !== undefined) throw new UsageError('--stdout and --out: give one of them')
  if (flags.stdout && flags.settings !== undefined) {
    throw new UsageError('--settings goes into a file beside the image: it cannot be given with --stdout')
  }
  if (flags.stdout && process.stdout.isTTY) {
    throw new UsageError('an image is not for a terminal: redirect standard output, or give --out')
  }
  if (flags.format === 'tar' && flags.level !== undefined) {
    throw new UsageError('--level: --format tar is not compressed')
  }
}

function specOf(flags: BuildFlags): ImageSpec {
  return {
    toplevel: flags.toplevel,
    roots: flags.root,
    source: { closureInfo: flags.closureInfo, storeRoot: flags.store },
    name: flags.name,
    system: flags.system,
    format: flags.format,
    level: flags.level,
    settings: flags.settings === undefined ? undefined : readSettings(flags.settings),
  }
}

function readSettings(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UsageError(`--settings: ${(error as Error).message}`)
  }
}

function withoutManifest(result: object): object {
  const { manifest: _, ...rest } = result as { manifest?: unknown }
  return rest
}

/** A signal that aborts when the process is asked to end, so that what is half done is removed first. */
function abortOnSignals(): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController()
  const abort = (name: NodeJS.Signals) => controller.abort(new Interrupted(name))
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.once(name, abort)
  return {
    signal: controller.signal,
    dispose() {
      for (const name of names) process.off(name, abort)
    },
  }
}

class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly code = 'INTERRUPTED'

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}; nothing was left behind`)
  }
}
