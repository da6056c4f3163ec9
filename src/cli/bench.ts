import { type Command, InvalidArgumentError, Option } from 'commander'
import type { BenchPart } from '../bench/index.ts'
import { printableJson } from '../printable.ts'
import { print } from './print.ts'
import { abortOnSignals } from './signals.ts'
import { byteCount, somePath, UsageError, wholeNumber } from './usage.ts'
import { type OutputFolder, prepareFolder } from './write-files.ts'

const EPILOGUE = `
Compares with GNU tar, bsdtar, pixz and xz, if they are installed. Times are of
whole processes, run in turn. The part "frontier" compares all levels, also
with zstd, pigz and plzip: an hour for the generated closure. A program that
fails is left out of the report, and so is a level that fails; a build of
nspawn-rootfs that fails ends the benchmark.

Before it measures, the benchmark makes the folder of --out and builds both
closures once. The report is printed first, then written to --out. It names the
number of workers; without --workers, pixz and a plain tar of nspawn-rootfs
choose theirs. The column "tree" says "same" if the tree in an output is that
of our plain tar; a .tar.xz is only looked into if xz is installed.

Temporary files are in $TMPDIR, which needs room for about three times the
closure. They are removed at the end, and when the command is interrupted.

Examples:
  nspawn-rootfs bench
  nspawn-rootfs bench --part tar --size 1GB --rounds 5
  nspawn-rootfs bench --toplevel ./result --changed ./result-after --out report`

/** The options of `bench`, as commander names them. */
interface BenchFlags {
  toplevel?: string
  changed?: string
  store?: string
  size: number
  seed: number
  part: readonly BenchPart[]
  rounds: number
  level: number
  workers?: number
  peers?: string
  out?: string
  json?: true
}

/** Adds the options of the command `bench`, and what it does. */
export function defineBench(bench: Command): void {
  const parts = new Option('--part <PART>', `part to measure, repeatable: ${PARTS.join(', ')}`)
    .default(STANDARD_PARTS, 'all but frontier')
    .argParser(collectParts)
  bench
    .option('--toplevel <PATH>', 'closure to measure with (default: a generated one)', somePath)
    .option('--changed <PATH>', 'another version of it, to measure a rebuild', somePath)
    .option('--store <DIR>', 'chroot store that has both, in DIR/nix/store', somePath)
    .option('--size <SIZE>', 'size of the generated closure', byteCount, 256e6)
    .option('--seed <N>', 'seed of the generated closure', wholeNumber(0, 2 ** 31), 1)
    .addOption(parts)
    .option('--rounds <N>', 'rounds of short measurements; long ones run once', wholeNumber(1, 100), 3)
    .option('--level <0-9>', 'compression level of nspawn-rootfs', wholeNumber(0, 9), 6)
    .option(
      '--workers <N>',
      'threads of nspawn-rootfs, pixz, xz, zstd, pigz and plzip (default: one per processor)',
      wholeNumber(1, 256),
    )
    .option(
      '--peers <DIR>',
      'also compare with the npm packages that are installed in this copy of bench/thirdparty',
      somePath,
    )
    .option('--out <DIR>', 'folder for report.md, report.json and charts, made if need be', somePath)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', EPILOGUE)
    .action((flags: BenchFlags) => run(flags))
}

const STANDARD_PARTS: readonly BenchPart[] = ['tar', 'tar.xz', 'rebuild', 'growth']
const PARTS: readonly BenchPart[] = [...STANDARD_PARTS, 'frontier']

function collectParts(text: string, previous: readonly BenchPart[]): BenchPart[] {
  const part = PARTS.find(one => one === text)
  if (part) return previous === STANDARD_PARTS ? [part] : [...previous, part]
  throw new InvalidArgumentError(`give one of ${PARTS.join(', ')}`)
}

async function run(flags: BenchFlags): Promise<void> {
  const { toplevel, changed, store, size, seed, part: parts, out, json, ...options } = flags
  if (toplevel === undefined && (changed ?? store) !== undefined) {
    throw new UsageError('--changed and --store go with --toplevel')
  }
  const { CHART_FILES, drawCharts, formatReport, runBench, SIZE_MIN } = await import('../bench/index.ts')
  if (size < SIZE_MIN) throw new UsageError(`--size: give at least ${SIZE_MIN / 1e6}MB`)
  const interrupt = abortOnSignals()
  let folder: OutputFolder | undefined
  try {
    // At the end, an error would lose all that was measured.
    if (out !== undefined) {
      folder = await prepareFolder(out, ['report.md', 'report.json', ...CHART_FILES], interrupt.signal)
    }
    const report = await runBench({
      ...options,
      parts,
      closure: toplevel === undefined ? { size, seed } : { toplevel, changed, store },
      // This very program.
      command: [process.execPath, process.argv[1]],
      signal: interrupt.signal,
      onStep: step => print(step, process.stderr),
    })
    const text = formatReport(report)
    const data = `${printableJson(report, 2)}\n`
    try {
      print((json ? data : text).trimEnd())
    } finally {
      const files = new Map([['report.md', text], ['report.json', data], ...drawCharts(report)])
      await folder?.write([...files].map(([file, text]) => ({ file, text })))
    }
  } finally {
    await folder?.discard()
    interrupt.dispose()
  }
}
