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
}

/** A column of a table. */
interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => string
  /** Text stands to the left, numbers to the right. */
  readonly isText?: true
}

const COLUMNS: readonly Column<Row>[] = [
  { title: '', cell: row => (row.ours ? `**${row.name}**` : row.name), isText: true },
  { title: 'seconds', cell: row => row.seconds.toFixed(2) },
  { title: 'ratio', cell: ({ ratio }) => (ratio >= 0.1 ? ratio.toFixed(2) : `1/${(1 / ratio).toFixed(0)}`) },
  { title: 'CPU s', cell: row => row.cpuSeconds.toFixed(2) },
  { title: 'MB/s', cell: row => (row.bytesPerSecond / 1e6).toFixed(row.bytesPerSecond < 1e8 ? 1 : 0) },
  { title: 'peak MB', cell: row => megabytes(row.peakBytes) },
]
const SIZE_COLUMN: Column<Row> = { title: 'MB', cell: row => (row.size / 1e6).toFixed(1) }
const TREE_COLUMN: Column<Row> = { title: 'tree', cell: row => row.tree, isText: true }

const TAR_COLUMNS = [...COLUMNS, TREE_COLUMN]
const XZ_COLUMNS = [...COLUMNS, SIZE_COLUMN, TREE_COLUMN]

const GROWTH_COLUMNS: readonly Column<GrowthRow>[] = [
  { title: 'tar', cell: row => `${megabytes(row.tarSize)} MB`, isText: true },
  { title: 'seconds', cell: row => row.seconds.toFixed(2) },
  { title: 'MB/s', cell: row => (row.tarSize / 1e6 / row.seconds).toFixed(1) },
  { title: 'peak MB', cell: row => megabytes(row.peakBytes) },
]

/** The report as text for a terminal, which is Markdown, too. */
export function formatReport(report: BenchReport): string {
  const { machine, closure, subject, rounds, level, tar, tarXz, rebuild, growth } = report
  const gigabytes = (machine.memory / 1e9).toFixed(0)
  const lines = [
    `${subject} on ${machine.processor}, ${machine.cores} cores, ${gigabytes} GB, ` +
      `Linux ${machine.kernel}, Node ${machine.node}`,
    `${closure.what}: ${closure.storePaths} store paths, ${closure.entries} entries, ${megabytes(closure.tarSize)} MB of tar`,
  ]
  const section = <T>(title: string, columns: readonly Column<T>[], rows: readonly T[] | undefined) => {
    if (rows) lines.push('', `${title}:`, '', ...formatTable(columns, rows))
  }
  const runs = rounds === 1 ? 'one round' : `median of ${rounds} rounds, in turn`
  section(`Plain tar, \`| cat >/dev/null\` (${runs})`, TAR_COLUMNS, tar)
  section(`.tar.xz into a file, ours at level ${level} without a cache (one round)`, XZ_COLUMNS, tarXz)
  section(`.tar.xz again, with a cache (${runs}; the first row once)`, XZ_COLUMNS, rebuild)
  section('Growth, ours as .tar.xz without a cache', GROWTH_COLUMNS, growth)
  return `${lines.join('\n')}\n`
}

/** A table in Markdown, aligned for a terminal. */
function formatTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map(row => columns.map(({ cell }) => cell(row)))]
  const widths = columns.map((_, i) => Math.max(3, ...cells.map(line => line[i].length)))
  const rule = columns.map(({ isText }, i) => (isText ? '-'.repeat(widths[i]) : `${'-'.repeat(widths[i] - 1)}:`))
  const [head, ...body] = cells.map(line =>
    line.map((cell, i) => (columns[i].isText ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))),
  )
  return [head, rule, ...body].map(line => `| ${line.join(' | ')} |`)
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}
