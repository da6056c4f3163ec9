import { type FrontierRow, frontierCells } from './frontier.ts'

/** One contender of a comparison. */
export interface Row {
  readonly name: string
  readonly ours: boolean
  /** Wall time, the median of the rounds. */
  readonly seconds: number
  /** The median, over the rounds, of its time to that of the first row in the same round; below 1 is faster. */
  readonly ratio: number
  readonly cpuSeconds: number
  /** Resident memory of all its processes together, the highest of all rounds, in bytes. */
  readonly peakBytes: number
  /** Bytes of tar in a second of wall time. */
  readonly bytesPerSecond: number
  /** Bytes of its output. */
  readonly size: number
  /** Whether its output holds the tree that ours holds; else what is wrong. */
  readonly tree: 'same' | (string & {})
}

/** A build of ours from a part of the closure. */
export interface GrowthRow {
  /** Bytes of tar. */
  readonly tarSize: number
  readonly seconds: number
  readonly peakBytes: number
}

/** The results of a benchmark. Ratios hold within it; seconds are of one machine at one time. */
export interface BenchReport {
  /** The library and its version. */
  readonly subject: string
  readonly machine: {
    readonly processor: string
    readonly cores: number
    /** Bytes. */
    readonly memory: number
    readonly kernel: string
    readonly node: string
  }
  readonly closure: {
    /** A name for people, or how it was made. */
    readonly what: string
    readonly storePaths: number
    readonly entries: number
    /** Bytes. */
    readonly tarSize: number
  }
  readonly rounds: number
  /** Level of our compression. */
  readonly level: number
  /** Plain tars, through a pipe. */
  readonly tar?: readonly Row[]
  /** Compressed, into a file. */
  readonly tarXz?: readonly Row[]
  /** Ours again, with the blocks of an earlier build in its cache; the first row is the peer, or ours without a cache. */
  readonly rebuild?: readonly Row[]
  /** A quarter, a half and all of the closure, compressed. */
  readonly growth?: readonly GrowthRow[]
  /** Every level of every compressor, once. */
  readonly frontier?: readonly FrontierRow[]
}

/** The report as text for a terminal, which is Markdown, too. */
export function formatReport(report: BenchReport): string {
  const { machine, closure, subject, rounds, level } = report
  const lines = [
    `${subject} on ${machine.processor}, ${machine.cores} cores, ${gigabytes(machine.memory)} GB, ` +
      `Linux ${machine.kernel}, Node ${machine.node}`,
    `${closure.what}: ${closure.storePaths} store paths, ${closure.entries} entries, ${megabytes(closure.tarSize)} MB of tar`,
  ]
  const section = (title: string, rows: readonly Row[] | undefined, sizes: boolean) => {
    if (rows)
      lines.push(
        '',
        `${title}:`,
        '',
        ...formatTable(
          header(sizes),
          rows.map(row => cells(row, sizes)),
        ),
      )
  }
  const runs = rounds === 1 ? 'one round' : `median of ${rounds} rounds, in turn`
  section(`Plain tar, \`| cat >/dev/null\` (${runs})`, report.tar, false)
  section(`.tar.xz into a file, ours at level ${level} without a cache (one round)`, report.tarXz, true)
  section(`.tar.xz again, with a cache (${runs}; the first row once)`, report.rebuild, true)
  if (report.growth) {
    const rows = report.growth.map(({ tarSize, seconds, peakBytes }) => [
      `${megabytes(tarSize)} MB`,
      seconds.toFixed(2),
      (tarSize / 1e6 / seconds).toFixed(1),
      megabytes(peakBytes),
    ])
    lines.push('', 'Growth, ours as .tar.xz without a cache:', '')
    lines.push(...formatTable(['tar', 'seconds', 'MB/s', 'peak MB'], rows))
  }
  if (report.frontier) {
    lines.push(
      '',
      'Time against size, into a file (one round; on the frontier, nothing is both faster and smaller):',
      '',
    )
    lines.push(...formatTable(['', 'seconds', 'CPU s', 'MB', 'frontier'], frontierCells(report.frontier)))
  }
  return `${lines.join('\n')}\n`
}

function header(sizes: boolean): string[] {
  return ['', 'seconds', 'ratio', 'CPU s', 'MB/s', 'peak MB', ...(sizes ? ['MB'] : []), 'tree']
}

function cells(row: Row, sizes: boolean): string[] {
  return [
    row.ours ? `**${row.name}**` : row.name,
    row.seconds.toFixed(2),
    row.ratio >= 0.1 ? row.ratio.toFixed(2) : `1/${(1 / row.ratio).toFixed(0)}`,
    row.cpuSeconds.toFixed(2),
    (row.bytesPerSecond / 1e6).toFixed(row.bytesPerSecond < 1e8 ? 1 : 0),
    megabytes(row.peakBytes),
    ...(sizes ? [(row.size / 1e6).toFixed(1)] : []),
    row.tree,
  ]
}

/** A table in Markdown whose columns stand below each other: the first to the left, numbers to the right. */
function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(3, ...[head, ...rows].map(row => row[column].length), title.length),
  )
  const left = (column: number) => column === 0 || head[column] === 'tree'
  const line = (row: readonly string[]) => {
    const padded = row.map((cell, i) => (left(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
    return `| ${padded.join(' | ')} |`
  }
  const rule = widths.map((width, i) => (left(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)]
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(0)
}
