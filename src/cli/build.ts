import { availableParallelism } from 'node:os'
import { build, type ImageSpec } from '../index.ts'
import { type BuildFlags, checkFlags, specOf, unpacksNars } from './build-spec.ts'
import { cacheOptionsOf } from './cache.ts'
import { printJson, printWarnings } from './print.ts'
import { createProgressView } from './progress-view.ts'
import { abortOnSignals } from './signals.ts'
import { isStdoutRead, spoilStdout, writeToStdout } from './stdout.ts'
import { formatSummary } from './summary-view.ts'

/** Builds what the options say, shows how far it is, and prints what came of it. */
export async function runBuild(file: string | undefined, flags: BuildFlags): Promise<void> {
  checkFlags(file, flags)
  const started = performance.now()
  const interrupt = abortOnSignals()
  // With both, the JSON goes to standard error, where a program reads it: nothing else belongs there.
  const view = flags.json && flags.stdout ? undefined : createProgressView(process.stderr)
  try {
    const spec = await specOf(file, flags)
    const options = { workers: workersOf(flags, spec), signal: interrupt.signal, ...cacheOptionsOf(flags) }
    const job = build(spec, options)
    if (view) job.on('progress', view.show)
    const result = await (flags.stdout ? job.writeTo(writeToStdout) : job.toFolder(flags.out ?? '.'))
    view?.clear()
    const seconds = (performance.now() - started) / 1000
    if (!flags.json) printWarnings(result.warnings)
    // The image itself may go to standard output; then what is to be read goes to the other one.
    const target = flags.stdout ? process.stderr : process.stdout
    if (flags.json) printJson(withoutManifest(result), target)
    else target.write(formatSummary(result, seconds, target))
  } catch (error) {
    if (flags.stdout) await spoilStdout()
    throw error
  } finally {
    view?.clear()
    interrupt.dispose()
  }
}

/** Threads that read a plain tar as fast as one writes it: on 16 processors, 4 take 0.63 s where 15 take 0.87. */
const PLAIN_WORKERS = 4

/**
 * Threads, `undefined` for one per processor. A plain tar into a pipe leaves one processor to the reader and to whom
 * writes to it: with two, that takes 1.2 s instead of 1.4 (`npm run bench`). Not where NARs are unpacked, which takes longer
 * than anything a reader does.
 */
function workersOf({ workers, stdout }: BuildFlags, spec: ImageSpec): number | undefined {
  if (workers !== undefined || spec.format !== 'tar' || unpacksNars(spec)) return workers
  const others = stdout && isStdoutRead() ? 1 : 0
  return Math.max(1, Math.min(PLAIN_WORKERS, availableParallelism() - others))
}

function withoutManifest(result: object): object {
  const { manifest: _, ...rest } = result as { manifest?: unknown }
  return rest
}
