import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { VERSION } from '../index.ts'
import { shellLine } from '../shell-word.ts'
import { type Contender, checkPeers, isInstalled, levelContenders, tarContenders, xzContenders } from './contenders.ts'
import { BenchError, explainFullDisk, isDiskFull } from './errors.ts'
import type { GenerateOptions } from './generate.ts'
import { measure, median, type Run } from './measure.ts'
import { type BenchReport, type FrontierRow, type GrowthRow, nameOfLevel, type Row } from './report.ts'
import { type BenchClosure, type NamedClosure, openClosure, readSubject, type Subject, writePart } from './subject.ts'
import { readTarTree, type TarTree } from './tree-digest.ts'

/** What can be measured; `frontier` is every level of every compressor, and takes an hour. */
export type BenchPart = 'tar' | 'tar.xz' | 'rebuild' | 'growth' | 'frontier'

/** How to measure. */
interface BenchOptions {
  readonly closure: NamedClosure | GenerateOptions
  /** The command that is measured, as words. */
  readonly command: readonly string[]
  readonly parts: readonly BenchPart[]
  /** Rounds of what takes seconds; what takes minutes is run once. */
  readonly rounds: number
  /** Level of our compression. */
  readonly level: number
  /** Threads of our command and of peers that can be told. Default: one per processor. */
  readonly workers?: number
  /** A folder like bench/thirdparty of the sources, with the npm packages to compare with installed in it. */
  readonly peers?: string
  readonly signal: AbortSignal
  /** Called with a description of each step. */
  readonly onStep: (step: string) => void
}

/**
 * Measures our command and its peers on one closure, in turn, and sees that all outputs hold the same tree. Works in a
 * folder of its own below the system's for temporary files, with room for three times the closure, and removes it. Rejects
 * where a command of ours fails or makes another tree. A peer that makes another tree has it in its row; one that fails has
 * no row.
 */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  for (const program of ['bash', 'cat']) {
    if (isInstalled(program)) continue
    throw new BenchError('BENCH_IMPOSSIBLE', `${program}: not on PATH, and the benchmark needs it; install it`)
  }
  if (options.peers !== undefined) checkPeers(options.peers)
  try {
    const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-bench-'))
    try {
      return await benchIn(folder, options)
    } finally {
      // Store paths are read-only, folders included.
      await measure(`chmod -R u+w ${shellLine([folder])}`)
      rmSync(folder, { recursive: true, force: true })
    }
  } catch (error) {
    throw explainFullDisk(error, tmpdir())
  }
}

async function benchIn(folder: string, options: BenchOptions): Promise<BenchReport> {
  const { parts, rounds, level, signal, onStep } = options
  onStep('preparing the closure')
  const closure = await openClosure(options.closure, folder, signal)
  const tar = join(folder, 'ours.tar')
  await measure(`${buildLine(options, closure.args, ['--format', 'tar'])} >${shellLine([tar])}`, signal)
  const subject = await readSubject(tar, closure.root, folder)
  const tarSize = statSync(tar).size
  let changedTree: TarTree | undefined
  if (closure.changedArgs) {
    // It is measured late: an error there would lose all that was measured before.
    onStep('preparing the closure after its change')
    await measure(`${buildLine(options, closure.changedArgs, ['--format', 'tar'])} >${shellLine([tar])}`, signal)
    changedTree = await readTarTree(tar)
  }
  rmSync(tar)
  const context: Context = { ...options, folder, closure, subject, changedTree, tarSize }
  const run = async <T>(part: BenchPart, bench: (context: Context) => Promise<T>) => {
    return parts.includes(part) ? await bench(context) : undefined
  }
  const tarRows = await run('tar', benchTar)
  const xzRows = await run('tar.xz', benchXz)
  return {
    subject: `nspawn-rootfs ${VERSION}`,
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'an unknown processor',
      cores: availableParallelism(),
      memory: totalmem(),
      kernel: release(),
      node: process.versions.node,
    },
    closure: {
      what: closure.what,
      storePaths: subject.infos.length,
      entries: subject.entries,
      tarSize: context.tarSize,
    },
    rounds,
    level,
    workers: threadsOf(options),
    tar: tarRows,
    tarXz: xzRows,
    rebuild: await run('rebuild', context => benchRebuild(context, xzRows?.[0])),
    growth: await run('growth', benchGrowth),
    frontier: await run('frontier', benchFrontier),
  }
}

interface Context extends Omit<BenchOptions, 'closure'> {
  readonly folder: string
  readonly closure: BenchClosure
  readonly subject: Subject
  /** The tree of the closure after its change, where there is one. */
  readonly changedTree: TarTree | undefined
  /** Bytes of our plain tar. */
  readonly tarSize: number
}

function threadsOf({ workers }: Pick<BenchOptions, 'workers'>): number {
  return workers ?? availableParallelism()
}

/** A line of bash that builds an image with our command to standard output. */
function buildLine(
  { command, workers }: Pick<BenchOptions, 'command' | 'workers'>,
  source: readonly string[],
  more: readonly string[],
): string {
  const threads = workers === undefined ? [] : ['--workers', String(workers)]
  const cache = more.includes('--cache-dir') ? [] : ['--no-cache']
  return shellLine([...command, 'build', ...source, ...threads, ...cache, ...more, '--stdout'])
}

async function benchTar(context: Context): Promise<Row[]> {
  const { subject, closure, peers, rounds, signal, onStep } = context
  const ours = { name: 'nspawn-rootfs', ours: true, line: buildLine(context, closure.args, ['--format', 'tar']) }
  // These runs do not count.
  const entrants = await tryAll([...tarContenders(subject.files, peers), ours], 'tar', context)
  const runs = entrants.map((): Run[] => [])
  for (let round = 1; round <= rounds; round++) {
    for (const [i, { name, line }] of entrants.entries()) {
      onStep(`tar: ${name}, round ${round} of ${rounds}`)
      runs[i].push(await measure(`${line} | cat >/dev/null`, signal))
    }
  }
  return entrants.map((entrant, i) => rowOf(entrant, runs[i], runs[0], context))
}

async function benchXz(context: Context): Promise<Row[]> {
  const { subject, closure, level, workers } = context
  const line = buildLine(context, closure.args, ['--level', String(level)])
  const contenders = [...xzContenders(subject.files, workers), { name: 'nspawn-rootfs', ours: true, line }]
  const entrants = await tryAll(contenders, 'tar.xz', context)
  return entrants.map(entrant => rowOf(entrant, [entrant.run], [entrants[0].run], context))
}

/** What a contender did in one run. */
interface Outcome {
  readonly run: Run
  /** Bytes of its output. */
  readonly size: number
  /** As in {@link Row}. */
  readonly tree: string
}

type Format = 'tar' | 'tar.xz'

/** Runs each contender once, and leaves out peers that fail. */
async function tryAll(contenders: readonly Contender[], format: Format, context: Context) {
  const entrants: (Contender & Outcome)[] = []
  for (const contender of contenders) {
    const { name, line } = contender
    context.onStep(`${format}: ${name}, one run`)
    try {
      entrants.push({ ...contender, ...(await tryOne(line, format, context)) })
    } catch (error) {
      leaveOut(contender, error, context)
    }
  }
  checkOurs(entrants.at(-1)!.tree)
  return entrants
}

function checkOurs(tree: string): void {
  if (tree === ANOTHER) throw new Error('two builds of one closure differ')
}

/**
 * Goes on without a peer that failed, and says so. Throws the error of a command of ours, or of one that found the disk full, and
 * when aborted.
 */
function leaveOut({ name, ours }: Pick<Contender, 'name' | 'ours'>, error: unknown, { signal, onStep }: Context): void {
  signal.throwIfAborted()
  if (ours || isDiskFull(error)) throw error
  onStep(`${name} fails: ${(error as Error).message}`)
}

/** Runs a line into a file, and compares the tree in it with ours. */
async function tryOne(line: string, format: Format, { folder, subject, signal }: Context): Promise<Outcome> {
  const file = join(folder, 'output')
  try {
    if (format === 'tar') {
      // Through a pipe, as it is measured: what is written may depend on that.
      const run = await measure(`${line} | cat >${shellLine([file])}`, signal)
      return { run, size: statSync(file).size, tree: await compareTree(file, subject) }
    }
    const run = await measure(`${line} >${shellLine([file])}`, signal)
    return { run, size: statSync(file).size, tree: await compareXz(file, subject, signal) }
  } finally {
    rmSync(file, { force: true })
  }
}

/** What the `tree` of a row says of a .tar.xz beside a tree. */
async function compareXz(file: string, tree: TarTree, signal: AbortSignal): Promise<string> {
  if (!isInstalled('xz')) return 'not seen: no xz'
  const tar = `${file}.tar`
  try {
    await measure(`xz -dc ${shellLine([file])} >${shellLine([tar])}`, signal)
    return await compareTree(tar, tree)
  } finally {
    rmSync(tar, { force: true })
  }
}

async function compareTree(tar: string, { digest }: TarTree): Promise<string> {
  return (await readTarTree(tar)).digest === digest ? 'same' : ANOTHER
}

const ANOTHER = 'another'

async function benchRebuild(context: Context, peer: Row | undefined): Promise<Row[]> {
  const { closure, subject, changedTree, folder, level, rounds, signal, onStep } = context
  const [cache, file] = ['cache', 'image.tar.xz'].map(name => join(folder, name))
  const build = async (args: readonly string[], ...more: string[]) => {
    const line = buildLine(context, args, ['--level', String(level), ...more])
    return measure(`${line} >${shellLine([file])}`, signal)
  }
  /** What an image is that was built without blocks of the cache. Images from the cache have to be the same. */
  const lookAt = async (tree: TarTree): Promise<Whole> => {
    const whole = { digest: await sha256Of(file), tree: await compareXz(file, tree, signal) }
    checkOurs(whole.tree)
    return whole
  }
  onStep('rebuild: filling a cache')
  const cold = await build(closure.args, '--cache-dir', cache)
  const filled = new Set(readdirSync(cache))
  const whole = await lookAt(subject)
  const outcome = ({ tree }: Whole) => ({ ours: true, size: statSync(file).size, tree })
  const first = peer ?? rowOf({ name: 'without a cache', ...outcome(whole) }, [cold], [cold], context)
  const again = async (name: string, args: readonly string[], whole: Whole): Promise<Row> => {
    const runs: Run[] = []
    for (let round = 1; round <= rounds; round++) {
      onStep(`rebuild: ${name}, round ${round} of ${rounds}`)
      runs.push(await build(args, '--cache-dir', cache))
      // Back to what it was. A copy of all of it would still be on its way to the disk during the next run.
      for (const name of readdirSync(cache)) if (!filled.has(name)) rmSync(join(cache, name))
    }
    if ((await sha256Of(file)) !== whole.digest) throw new Error('an image from the cache is not what it was without')
    const row = rowOf({ name, ...outcome(whole) }, runs, runs, context)
    return { ...row, ratio: row.seconds / first.seconds }
  }
  const rows = [{ ...first, ratio: 1 }, await again('nothing changed', closure.args, whole)]
  if (closure.changedArgs) {
    await build(closure.changedArgs)
    const changed = await lookAt(changedTree!)
    rows.push(await again('one store path and the toplevel changed', closure.changedArgs, changed))
  }
  return rows
}

/** An image of ours, and how its tree compares. */
interface Whole {
  /** SHA-256 of the file. */
  readonly digest: string
  /** As in {@link Row}. */
  readonly tree: string
}

async function benchGrowth(context: Context): Promise<GrowthRow[]> {
  const { subject, folder, level, signal, onStep } = context
  const tar = join(folder, 'part.tar')
  const rows: GrowthRow[] = []
  for (const part of [4, 2, 1]) {
    const source = writePart(subject, 1 / part, join(folder, `part-${part}`))
    await measure(`${buildLine(context, source, ['--format', 'tar'])} >${shellLine([tar])}`, signal)
    const tarSize = statSync(tar).size
    onStep(`growth: ${(tarSize / 1e6).toFixed(0)} MB of tar`)
    const line = buildLine(context, source, ['--level', String(level)])
    const { seconds, peakBytes } = await measure(`${line} >/dev/null`, signal)
    rows.push({ tarSize, seconds, peakBytes })
  }
  rmSync(tar)
  return rows
}

async function benchFrontier(context: Context): Promise<FrontierRow[]> {
  const { closure, subject, folder, signal, onStep } = context
  const file = join(folder, 'frontier')
  const rows: FrontierRow[] = []
  const ourLine = (more: readonly string[]) => buildLine(context, closure.args, more)
  for (const { line, ...contender } of levelContenders(subject.files, threadsOf(context), ourLine)) {
    const name = nameOfLevel(contender)
    onStep(`frontier: ${name}`)
    try {
      const { seconds, cpuSeconds } = await measure(`${line} >${shellLine([file])}`, signal)
      rows.push({ ...contender, seconds, cpuSeconds, size: statSync(file).size })
    } catch (error) {
      leaveOut({ ...contender, name }, error, context)
    }
  }
  rmSync(file, { force: true })
  return rows
}

/** A row from all runs, where `first` are those of the first row. */
function rowOf(
  { name, ours, size, tree }: Pick<Row, 'name' | 'ours' | 'size' | 'tree'>,
  runs: readonly Run[],
  first: readonly Run[],
  { tarSize }: Context,
): Row {
  const seconds = median(runs.map(run => run.seconds))
  return {
    ...{ name, ours, size, tree, seconds },
    ratio: median(runs.map((run, i) => run.seconds / first[i].seconds)),
    cpuSeconds: median(runs.map(run => run.cpuSeconds)),
    peakBytes: Math.max(...runs.map(run => run.peakBytes)),
    bytesPerSecond: tarSize / seconds,
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
