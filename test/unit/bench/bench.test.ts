import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { BenchError, explainFullDisk } from '../../../src/bench/errors.ts'
import { generateClosure } from '../../../src/bench/generate.ts'
import { type BenchReport, runBench } from '../../../src/bench/index.ts'
import { build } from '../../../src/index.ts'
import { pathOfProgram } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

type BenchOptions = Parameters<typeof runBench>[0]

describe('a benchmark', () => {
  it('builds the closure after its change before it measures anything', async () => {
    const bench = await fakeBench({
      command: `case "$*" in *--toplevel\\ changed*) echo "no such closure" >&2; exit 1; esac`,
    })
    await expect(bench.run({ parts: ['tar', 'rebuild'] })).rejects.toThrow('no such closure')
    expect(bench.steps.filter(step => /round|run/.test(step))).toEqual([])
  })

  it('goes on without a level of a peer that fails', async () => {
    const zstd = `case "$*" in *-19*) echo "out of memory" >&2; exit 1; esac; cat`
    const bench = await fakeBench({ programs: { zstd } })
    const { frontier } = await bench.run({ parts: ['frontier'] })
    const levels = frontier!.filter(({ name }) => name === 'zstd').map(({ level }) => level)
    expect(levels).toEqual(Array.from({ length: 18 }, (_, i) => i + 1))
    expect(frontier!.at(-1)).toMatchObject({ name: 'our tar.xz', level: 9 })
    expect(bench.steps).toContainEqual(expect.stringMatching(/^zstd -19 fails: .*\nout of memory$/s))
  })

  it('ends where a level of ours fails', async () => {
    const bench = await fakeBench({ command: `case "$*" in *--format\\ tar.gz*) echo "our fault" >&2; exit 1; esac` })
    await expect(bench.run({ parts: ['frontier'] })).rejects.toThrow('our fault')
  })

  it('gives peers as many threads as ours, and says how many', async () => {
    // Stand-ins say how they are called, and compress nothing.
    const said = `echo "$(basename "$0") $*" >>"$TMPDIR/calls"; [ "$1" = -dc ] && exec cat "$2"; cat`
    const programs = Object.fromEntries(['pixz', 'xz', 'zstd', 'pigz', 'plzip'].map(name => [name, said]))
    const bench = await fakeBench({
      command: 'case "$*" in *--workers\\ 3*) ;; *) exit 1; esac',
      programs: { ...programs, basename: `echo "\${1##*/}"` },
    })
    const { workers, tarXz } = await bench.run({ parts: ['tar.xz', 'frontier'], workers: 3 })
    expect(workers).toBe(3)
    expect(tarXz!.map(({ name }) => name)).toEqual(['GNU tar, pixz -t -p 3', 'GNU tar, xz -T3 -6', 'nspawn-rootfs'])
    const calls = readFileSync(join(bench.tmp, 'calls'), 'utf8').split('\n')
    for (const call of ['pixz -t -p 3', 'xz -T3 -6', 'zstd -q -T3 -1 -c', 'pigz -p 3 -9 -c', 'plzip -n 3 -0 -c'])
      expect(calls).toContain(call)
    expect(calls.filter(call => !/^$| -dc | (-T|-p |-n )3 /.test(`${call}${call && ' '}`))).toEqual([])
  })

  it('leaves the threads of pixz to itself if it is not told', async () => {
    const { tarXz, workers } = await (await fakeBench({ programs: { pixz: 'cat' } })).run({ parts: ['tar.xz'] })
    expect([tarXz![0]!.name, workers]).toEqual(['GNU tar, pixz -t', availableParallelism()])
  })

  it('names the parts of the closure by their sizes', async () => {
    const bench = await fakeBench({})
    const { growth } = await bench.run({ parts: ['growth'] })
    const sizes = growth!.map(({ tarSize }) => `growth: ${(tarSize / 1e6).toFixed(0)} MB of tar`)
    expect(bench.steps.filter(step => step.startsWith('growth'))).toEqual(sizes)
  })

  it.each([
    ['our command', { command: 'cat "$0" >/dev/full || exit 1' }],
    ['a peer', { programs: { zstd: 'cat >/dev/full' } }],
  ])('says which disk is full, and what to do, when %s finds it so', async (_, fakes) => {
    const bench = await fakeBench(fakes)
    const said = `${bench.tmp}: no space left for temporary files; make room there, or set TMPDIR to a folder with room`
    await expect(bench.run({ parts: ['frontier'] })).rejects.toThrow(said)
    expect(readdirSync(bench.tmp)).toEqual([])
  })

  it('says the same of a full disk that it finds itself, and leaves other errors', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    expect(explainFullDisk(error, '/some/folder')).toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/^\/some\/folder: no space left for temporary files; make room there/),
    })
    const other = new BenchError('COMMAND_FAILED', 'exit 1 from: false')
    expect(explainFullDisk(other, '/some/folder')).toBe(other)
  })

  it('says of rebuilds that their trees are the same only if it compared them', async () => {
    const without = await (await fakeBench({})).run({ parts: ['rebuild'] })
    expect(without.rebuild!.map(({ tree }) => tree)).toEqual(Array(3).fill('not seen: no xz'))
    // As the stand-in does not compress.
    const xz = 'cat "$2"'
    const withXz = await (await fakeBench({ programs: { xz } })).run({ parts: ['rebuild'] })
    expect(withXz.rebuild!.map(({ tree }) => tree)).toEqual(Array(3).fill('same'))
  })

  it('ends where our compressed image has another tree', async () => {
    const bench = await fakeBench({ programs: { xz: 'tar -c --files-from /dev/null' } })
    await expect(bench.run({ parts: ['rebuild'] })).rejects.toThrow('two builds of one closure differ')
  })
})

/** What {@link fakeBench} is made with. */
interface Fakes {
  /** Lines of shell that our command begins with. */
  readonly command?: string
  /** Lines of shell, by the name of the program on PATH that they stand for. Other programs are not there. */
  readonly programs?: Record<string, string>
}

/** Programs that are needed, or whose absence is of no interest. */
const REAL_PROGRAMS = ['bash', 'sh', 'cat', 'chmod', 'mkdir', 'tee', 'sha256sum', 'tar']

/** A benchmark of a small closure by a stand-in for our command, which writes a plain tar whatever the format. */
async function fakeBench({ command = ':', programs = {} }: Fakes) {
  const folder = temporaryFolder()
  const { root, closureInfo, toplevel } = await generateClosure(join(folder, 'closure'), { size: 1_000_000, seed: 1 })
  onTestFinished(() => makeWritable(root))
  const spec = { toplevel, source: { store: root, closureInfo }, name: 'made', format: 'tar' } as const
  const { image } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'image'))
  const script = join(folder, 'command')
  writeFileSync(
    script,
    `${command}
while [ $# -gt 0 ]; do
  [ "$1" = --cache-dir ] && mkdir -p "$2"
  shift
done
cat ${image}`,
  )
  const bin = join(folder, 'bin')
  const tmp = join(folder, 'tmp')
  for (const each of [bin, tmp]) mkdirSync(each)
  for (const name of REAL_PROGRAMS) symlinkSync(pathOfProgram(name)!, join(bin, name))
  for (const [name, lines] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!${pathOfProgram('sh')}\n${lines}\n`, { mode: 0o755 })
  }
  vi.stubEnv('PATH', bin)
  vi.stubEnv('TMPDIR', tmp)
  onTestFinished(() => void vi.unstubAllEnvs())
  const steps: string[] = []
  return {
    steps,
    /** The folder for temporary files. */
    tmp,
    run: (options: Partial<BenchOptions> = {}): Promise<BenchReport> =>
      runBench({
        closure: { toplevel, changed: 'changed', store: root },
        command: ['sh', script],
        parts: ['tar'],
        ...{ rounds: 1, level: 1 },
        signal: new AbortController().signal,
        onStep: step => steps.push(step),
        ...options,
      }),
  }
}

function makeWritable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name))
  }
}
