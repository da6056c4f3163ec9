/** Time against size: every level of every compressor, on one closure. */
import { rmSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Files, gnuTar, isInstalled } from './contenders.ts'
import { measure, shellWords } from './measure.ts'

/** One level of one program. */
export interface FrontierRow {
  /** The program, such as `pigz`, or a format of ours. */
  readonly name: string
  readonly ours: boolean
  /** `undefined` for a plain tar. */
  readonly level: number | undefined
  /** Wall time. */
  readonly seconds: number
  /** Of all processes, GNU tar included. */
  readonly cpuSeconds: number
  /** Bytes of the file. */
  readonly size: number
}

/** A program with levels, as far as they are worth their time. */
interface Compressor {
  readonly name: string
  readonly ours: boolean
  readonly levels: readonly (number | undefined)[]
  /** A line of bash that writes its file to standard output. */
  line(level: number | undefined): string
}

/** What to measure. */
export interface FrontierOptions {
  readonly files: Files
  /** A line of bash with our command, for a format and a level. */
  readonly ourLine: (format: string, level: number | undefined) => string
  /** A folder with room for a file of each kind. */
  readonly folder: string
  readonly signal?: AbortSignal
  readonly onStep: (step: string) => void
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

function compressorsOf({ files, ourLine }: FrontierOptions): Compressor[] {
  const threads = availableParallelism()
  const peer = (program: string, command: string, levels: readonly number[]): Compressor[] => {
    if (!isInstalled('tar') || !isInstalled(program)) return []
    return [{ name: program, ours: false, levels, line: level => `${gnuTar(files)} | ${command} -${level} -c` }]
  }
  const our = (format: string, levels: readonly (number | undefined)[]): Compressor => {
    return { name: `our ${format}`, ours: true, levels, line: level => ourLine(format, level) }
  }
  const plain = (name: string, line: string): Compressor => ({
    name,
    ours: false,
    levels: [undefined],
    line: () => line,
  })
  // We take the hash of the file, too.
  const hashed = `{ { ${gnuTar(files)} | tee /dev/fd/3 | sha256sum >/dev/null; } 3>&1; }`
  return [
    ...(isInstalled('tar') ? [plain('GNU tar', gnuTar(files)), plain('GNU tar, sha256sum', hashed)] : []),
    our('tar', [undefined]),
    ...peer('zstd', `zstd -q -T${threads}`, range(1, 19)),
    ...peer('pigz', `pigz -p ${threads}`, range(1, 9)),
    ...peer('plzip', `plzip -n ${threads}`, range(0, 9)),
    ...peer('pixz', `pixz -t -p ${threads}`, range(0, 9)),
    ...peer('xz', `xz -T${threads}`, range(0, 9)),
    our('tar.zst', range(1, 9)),
    our('tar.gz', range(1, 9)),
    our('tar.xz', range(0, 9)),
  ]
}

/** Runs every level of everything that is installed, once. */
export async function measureFrontier(options: FrontierOptions): Promise<FrontierRow[]> {
  const { folder, signal, onStep } = options
  const file = join(folder, 'frontier')
  const rows: FrontierRow[] = []
  for (const { name, ours, levels, line } of compressorsOf(options)) {
    for (const level of levels) {
      onStep(`frontier: ${name}${level === undefined ? '' : `, level ${level}`}`)
      const { seconds, cpuSeconds } = await measure(`${line(level)} >${shellWords([file])}`, signal)
      rows.push({ name, ours, level, seconds, cpuSeconds, size: statSync(file).size })
    }
  }
  rmSync(file, { force: true })
  return rows
}

/** The rows as cells of a table, with what nothing is both faster and smaller than marked. */
export function frontierCells(rows: readonly FrontierRow[]): string[][] {
  return rows.map(row => {
    const { name, ours, level, seconds, cpuSeconds, size } = row
    const isBeaten = rows.some(other => other.seconds < seconds && other.size < size)
    const shown = level === undefined ? name : `${name} -${level}`
    return [
      ours ? `**${shown}**` : shown,
      seconds.toFixed(2),
      cpuSeconds.toFixed(2),
      (size / 1e6).toFixed(1),
      isBeaten ? '' : 'yes',
    ]
  })
}
