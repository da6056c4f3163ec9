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
  /** `same` if its output holds the tree that our plain tar holds; else how it differs, or why nobody looked. */
  readonly tree: string
}

/** A build of ours from a part of the closure. */
export interface GrowthRow {
  /** Bytes of tar. */
  readonly tarSize: number
  readonly seconds: number
  readonly peakBytes: number
}

/** One level of one program. */
export interface FrontierRow {
  /** The program, such as `pigz`, or a format of ours. */
  readonly name: string
  readonly ours: boolean
  /** Absent for a plain tar. */
  readonly level?: number
  /** Wall time. */
  readonly seconds: number
  /** Of all processes, GNU tar included. */
  readonly cpuSeconds: number
  /** Bytes of the file. */
  readonly size: number
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
  /** Threads of our builds and of programs that take a number. A plain tar of ours takes fewer, unless it was told. */
  readonly workers: number
  /** Plain tars, through a pipe. */
  readonly tar?: readonly Row[]
  /** Compressed, into a file. */
  readonly tarXz?: readonly Row[]
  /** Ours again, with the blocks of an earlier build in its cache; the first row is the peer, or ours without a cache. */
  readonly rebuild?: readonly Row[]
  /** About a quarter, about a half and all of the closure, compressed: as many store paths as reach that size. */
  readonly growth?: readonly GrowthRow[]
  /** Every level of every compressor, once. */
  readonly frontier?: readonly FrontierRow[]
}

/** A column of a table. */
interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => string
  /** Text stands to the left, numbers to the right. */
  readonly isText?: true
}

const COLUMNS: readonly Column<Row>[] = [
  { title: '', cell: row => nameCell(row, row.name), isText: true },
  { title: 'seconds', cell: row => row.seconds.toFixed(2) },
  { title: 'ratio', cell: ({ ratio }) => (ratio >= 0.1 ? ratio.toFixed(2) : `1/${(1 / ratio).toFixed(0)}`) },
  { title: 'CPU s', cell: row => row.cpuSeconds.toFixed(2) },
  { title: 'MB/s', cell: row => megabytes(row.bytesPerSecond, row.bytesPerSecond < 1e8 ? 1 : 0) },
  { title: 'peak MB', cell: row => megabytes(row.peakBytes) },
]
const TREE_COLUMN: Column<Row> = { title: 'tree', cell: row => row.tree, isText: true }
const TAR_COLUMNS = [...COLUMNS, TREE_COLUMN]
const XZ_COLUMNS = [...COLUMNS, { title: 'MB', cell: (row: Row) => megabytes(row.size, 1) }, TREE_COLUMN]

const GROWTH_COLUMNS: readonly Column<GrowthRow>[] = [
  { title: 'tar', cell: row => `${megabytes(row.tarSize)} MB`, isText: true },
  { title: 'seconds', cell: row => row.seconds.toFixed(2) },
  { title: 'MB/s', cell: row => megabytes(row.tarSize / row.seconds, 1) },
  { title: 'peak MB', cell: row => megabytes(row.peakBytes) },
]

const frontierColumns = (rows: readonly FrontierRow[]): readonly Column<FrontierRow>[] => [
  { title: '', cell: row => nameCell(row, nameOfLevel(row)), isText: true },
  { title: 'seconds', cell: row => row.seconds.toFixed(2) },
  { title: 'CPU s', cell: row => row.cpuSeconds.toFixed(2) },
  { title: 'MB', cell: row => megabytes(row.size, 1) },
  { title: 'frontier', cell: row => (isOnFrontier(row, rows) ? 'yes' : '') },
]

function nameCell({ ours }: { readonly ours: boolean }, name: string): string {
  return ours ? `**${name}**` : name
}

/** The report as text for a terminal, which is Markdown, too. */
export function formatReport(report: BenchReport): string {
  const { machine, closure, subject, rounds, level, workers, tar, tarXz, rebuild, growth, frontier } = report
  const lines = [
    `${subject} on ${machine.processor}, ${machine.cores} cores, ${(machine.memory / 1e9).toFixed(0)} GB, ` +
      `Linux ${machine.kernel}, Node ${machine.node}`,
    `${closure.what}: ${closure.storePaths} store paths, ${closure.entries} entries, ${megabytes(closure.tarSize)} MB of tar`,
    `at most ${workers} ${workers === 1 ? 'worker' : 'workers'} in our builds and in programs that take a number`,
  ]
  const section = <T>(title: string, columns: readonly Column<T>[], rows: readonly T[] | undefined) => {
    if (rows) lines.push('', `${title}:`, '', ...formatTable(columns, rows))
  }
  const runs = rounds === 1 ? 'one round' : `median of ${rounds} rounds, in turn`
  section(`Plain tar, \`| cat >/dev/null\` (${runs})`, TAR_COLUMNS, tar)
  section(`.tar.xz into a file, ours at level ${level} without a cache (one round)`, XZ_COLUMNS, tarXz)
  section(`.tar.xz again, with a cache (${runs}; the first row once)`, XZ_COLUMNS, rebuild)
  section('Growth, ours as .tar.xz without a cache', GROWTH_COLUMNS, growth)
  const frontierTitle =
    'Time against size, into a file (one round; on the frontier, nothing is both faster and smaller)'
  section(frontierTitle, frontierColumns(frontier ?? []), frontier)
  return `${lines.join('\n')}\n`
}

/** Such as `zstd -19`. */
export function nameOfLevel({ name, level }: Pick<FrontierRow, 'name' | 'level'>): string {
  return level === undefined ? name : `${name} -${level}`
}

/** Whether no other row is both faster and smaller. */
export function isOnFrontier({ seconds, size }: FrontierRow, rows: readonly FrontierRow[]): boolean {
  return !rows.some(other => other.seconds < seconds && other.size < size)
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

function megabytes(bytes: number, digits = 0): string {
  return (bytes / 1e6).toFixed(digits)
}
