import { createHash } from 'node:crypto'
import { cpSync, createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { VERSION } from '../index.ts'
import { type Contender, isInstalled, tarContenders, xzContenders } from './contenders.ts'
import { type FrontierRow, measureFrontier } from './frontier.ts'
import { measure, median, type Run, shellWords } from './measure.ts'
import type { BenchReport, GrowthRow, Row } from './report.ts'
import {
  type BenchClosure,
  type MadeClosure,
  madeClosure,
  type NamedClosure,
  namedClosure,
  readSubject,
  type Subject,
  writePart,
} from './subject.ts'
import { readTarTree } from './tree-digest.ts'

/** What is measured if nothing else is said. */
const STANDARD_PARTS = ['tar', 'tar.xz', 'rebuild', 'growth'] as const

/** What can be measured: also every level of every compressor, which takes an hour. */
export const PARTS = [...STANDARD_PARTS, 'frontier'] as const

export type BenchPart = (typeof PARTS)[number]

/** How to measure. */
export interface BenchOptions {
  readonly closure: NamedClosure | MadeClosure
  /** The command that is measured, as words. */
  readonly command: readonly string[]
  /** Default: all but `frontier`. */
  readonly parts?: readonly BenchPart[]
  /** Rounds of what takes seconds; what takes minutes is run once. Default 3. */
  readonly rounds?: number
  /** Level of our compression. Default 6. */
  readonly level?: number
  readonly workers?: number
  /** A folder like bench/thirdparty of the sources, with the npm packages to compare with installed in it. */
  readonly peers?: string
  readonly signal?: AbortSignal
  /** Told what is being done. */
  readonly onStep?: (step: string) => void
}

/**
 * Measures our command and its peers on one closure, in turn, and sees that all outputs hold the same tree. Works in a
 * folder of its own below the system's for temporary files, with room for three times the closure, and removes it. Rejects
 * where a command of ours fails or makes another tree; what a peer does wrong is in its row.
 */
export async function runBench(options: BenchOptions): Promise<BenchReport> {
  for (const program of ['bash', 'cat']) {
    if (!isInstalled(program)) throw new Error(`${program}: not on PATH, and the benchmark runs in it; install it`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-bench-'))
  try {
    return await benchIn(folder, options)
  } finally {
    // Store paths are read-only, folders included.
    await measure(`chmod -R u+w ${shellWords([folder])}`)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function benchIn(folder: string, options: BenchOptions): Promise<BenchReport> {
  const { closure: given, parts = STANDARD_PARTS, rounds = 3, level = 6, signal, onStep = () => {} } = options
  onStep('preparing the closure')
  const closure = 'size' in given ? await madeClosure(folder, given) : namedClosure(given)
  const tar = join(folder, 'ours.tar')
  await measure(`${buildLine(options, closure.args, ['--format', 'tar'])} >${shellWords([tar])}`, signal)
  const subject = await readSubject(tar, closure.root, folder)
  const context: Context = { ...options, folder, closure, subject, rounds, level, onStep, tarSize: statSync(tar).size }
  const wants = (part: BenchPart) => parts.includes(part)
  const tarRows = wants('tar') ? await benchTar(context) : undefined
  const xzRows = wants('tar.xz') ? await benchXz(context) : undefined
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
    ...(tarRows && { tar: tarRows }),
    ...(xzRows && { tarXz: xzRows }),
    ...(wants('rebuild') && { rebuild: await benchRebuild(context, xzRows?.[0]) }),
    ...(wants('growth') && { growth: await benchGrowth(context) }),
    ...(wants('frontier') && { frontier: await benchFrontier(context) }),
  }
}

interface Context extends Omit<BenchOptions, 'closure'> {
  readonly folder: string
  readonly closure: BenchClosure
  readonly subject: Subject
  /** Bytes of our plain tar. */
  readonly tarSize: number
  readonly rounds: number
  readonly level: number
  readonly onStep: (step: string) => void
}

/** A line of bash that builds an image with our command to standard output. */
function buildLine(
  { command, workers }: Pick<BenchOptions, 'command' | 'workers'>,
  source: readonly string[],
  more: readonly string[],
): string {
  const threads = workers === undefined ? [] : ['--workers', String(workers)]
  const cache = more.includes('--cache-dir') ? [] : ['--no-cache']
  return shellWords([...command, 'build', ...source, ...threads, ...cache, ...more, '--stdout'])
}

async function benchTar(context: Context): Promise<Row[]> {
  const { subject, closure, peers, rounds, tarSize, signal, onStep } = context
  const ours = { name: 'nspawn-rootfs', ours: true, line: buildLine(context, closure.args, ['--format', 'tar']) }
  const contenders = [...tarContenders(subject.files, peers), ours]
  // The first round does not count: its outputs are looked at.
  const outcomes: { size: number; tree: string }[] = []
  for (const contender of contenders) {
    onStep(`tar: what ${contender.name} writes`)
    outcomes.push(await lookAt(contender, context))
  }
  const runs = contenders.map((): Run[] => [])
  for (let round = 1; round <= rounds; round++) {
    for (const [i, { name, line }] of contenders.entries()) {
      if (outcomes[i].size === 0) continue
      onStep(`tar: ${name}, round ${round} of ${rounds}`)
      runs[i].push(await measure(`${line} | cat >/dev/null`, signal))
    }
  }
  return contenders.flatMap((contender, i) => {
    return runs[i].length === 0 ? [] : [rowOf(contender, runs[i], runs[0], { tarSize, ...outcomes[i] })]
  })
}

/** Runs a contender once, and tells what is in its tar. */
async function lookAt({ line, name, ours }: Contender, { folder, subject, signal, onStep }: Context) {
  const file = join(folder, 'peer.tar')
  try {
    // Through a pipe, as it will be measured: what is written may depend on that.
    await measure(`${line} | cat >${shellWords([file])}`, signal)
    const { digest } = await readTarTree(file)
    if (digest === subject.digest) return { size: statSync(file).size, tree: 'same' }
    if (ours) throw new Error(`${name}: two builds of one closure differ`)
    return { size: statSync(file).size, tree: 'another' }
  } catch (error) {
    signal?.throwIfAborted()
    if (ours) throw error
    onStep(`${name} fails: ${(error as Error).message}`)
    return { size: 0, tree: 'fails' }
  } finally {
    rmSync(file, { force: true })
  }
}

async function benchXz(context: Context): Promise<Row[]> {
  const { subject, closure, folder, level, tarSize, signal, onStep } = context
  const line = buildLine(context, closure.args, ['--level', String(level)])
  const contenders = [...xzContenders(subject.files), { name: 'nspawn-rootfs', ours: true, line }]
  const file = join(folder, 'image.tar.xz')
  let first: Run | undefined
  const rows: Row[] = []
  for (const contender of contenders) {
    onStep(`tar.xz: ${contender.name}`)
    const run = await measure(`${contender.line} >${shellWords([file])}`, signal)
    first ??= run
    const { size } = statSync(file)
    rows.push(rowOf(contender, [run], [first], { tarSize, size, tree: await decodedTree(file, context) }))
  }
  rmSync(file)
  return rows
}

/** Decodes a .tar.xz with xz, if it is installed, and compares the tree in it with ours. */
async function decodedTree(file: string, { folder, subject, signal, onStep }: Context): Promise<string> {
  if (!isInstalled('xz')) return 'not seen: no xz'
  onStep('tar.xz: decoding')
  const tar = join(folder, 'decoded.tar')
  await measure(`xz -dc ${shellWords([file])} >${shellWords([tar])}`, signal)
  const { digest } = await readTarTree(tar)
  rmSync(tar)
  return digest === subject.digest ? 'same' : 'another'
}

async function benchRebuild(context: Context, peer: Row | undefined): Promise<Row[]> {
  const { closure, folder, level, rounds, tarSize, signal, onStep } = context
  const cache = join(folder, 'cache')
  const kept = join(folder, 'cache-kept')
  const file = join(folder, 'image.tar.xz')
  const line = (args: readonly string[]) => {
    return `${buildLine(context, args, ['--level', String(level), '--cache-dir', cache])} >${shellWords([file])}`
  }
  onStep('rebuild: filling a cache')
  const cold = await measure(line(closure.args), signal)
  const digest = await sha256Of(file)
  const size = statSync(file).size
  const firstRow =
    peer ?? rowOf({ name: 'without a cache', ours: true }, [cold], [cold], { tarSize, size, tree: 'same' })
  const rows = [{ ...firstRow, ratio: 1 }]
  const compare = (name: string, runs: Run[], outcome: { size: number; tree: string }) => {
    const row = rowOf({ name, ours: true }, runs, runs, { tarSize, ...outcome })
    rows.push({ ...row, ratio: row.seconds / firstRow.seconds })
  }
  const warm: Run[] = []
  for (let round = 1; round <= rounds; round++) {
    onStep(`rebuild: nothing changed, round ${round} of ${rounds}`)
    warm.push(await measure(line(closure.args), signal))
  }
  if ((await sha256Of(file)) !== digest) throw new Error('an image from the cache is not what it was without')
  compare('nothing changed', warm, { size, tree: 'same' })
  if (!closure.changedArgs) return rows

  cpSync(cache, kept, { recursive: true })
  const changed: Run[] = []
  for (let round = 1; round <= rounds; round++) {
    onStep(`rebuild: one store path changed, round ${round} of ${rounds}`)
    changed.push(await measure(line(closure.changedArgs), signal))
    rmSync(cache, { recursive: true })
    cpSync(kept, cache, { recursive: true })
  }
  const changedDigest = await sha256Of(file)
  await measure(`${buildLine(context, closure.changedArgs, ['--level', String(level)])} >${shellWords([file])}`, signal)
  if ((await sha256Of(file)) !== changedDigest) throw new Error('an image from the cache is not what it was without')
  compare('one store path and the toplevel changed', changed, { size: statSync(file).size, tree: 'same' })
  return rows
}

async function benchGrowth(context: Context): Promise<GrowthRow[]> {
  const { subject, folder, level, signal, onStep } = context
  const rows: GrowthRow[] = []
  for (const part of [4, 2, 1]) {
    onStep(`growth: ${part === 1 ? 'all' : `1/${part}`} of the closure`)
    const source = writePart(subject, 1 / part, join(folder, `part-${part}`))
    const tar = join(folder, 'part.tar')
    await measure(`${buildLine(context, source, ['--format', 'tar'])} >${shellWords([tar])}`, signal)
    const tarSize = statSync(tar).size
    rmSync(tar)
    const line = buildLine(context, source, ['--level', String(level)])
    const { seconds, peakBytes } = await measure(`${line} >/dev/null`, signal)
    rows.push({ tarSize, seconds, peakBytes })
  }
  return rows
}

function benchFrontier(context: Context): Promise<FrontierRow[]> {
  const { closure, subject, folder, signal, onStep } = context
  const ourLine = (format: string, level: number | undefined) => {
    const more = level === undefined ? [] : ['--level', String(level)]
    return buildLine(context, closure.args, ['--format', format, ...more])
  }
  return measureFrontier({ files: subject.files, ourLine, folder, signal, onStep })
}

function rowOf(
  { name, ours }: Pick<Contender, 'name' | 'ours'>,
  runs: readonly Run[],
  first: readonly Run[],
  { tarSize, size, tree }: { tarSize: number; size: number; tree: string },
): Row {
  const seconds = median(runs.map(run => run.seconds))
  return {
    name,
    ours,
    seconds,
    ratio: median(runs.map((run, i) => run.seconds / first[i].seconds)),
    cpuSeconds: median(runs.map(run => run.cpuSeconds)),
    peakBytes: Math.max(...runs.map(run => run.peakBytes)),
    bytesPerSecond: tarSize / seconds,
    size,
    tree,
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
