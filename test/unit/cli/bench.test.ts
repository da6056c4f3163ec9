import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BenchReport } from '../../../src/bench/index.ts'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

/** Options with which a benchmark is short. */
const FEW = ['--part', 'tar', '--size', '1MB', '--rounds', '1']

describe('nspawn-rootfs bench', () => {
  it('measures a closure that it makes, and leaves a report and nothing else', async () => {
    const folder = temporaryFolder()
    const out = join(folder, 'report')
    const few = ['--size', '4MB', '--rounds', '1', '--level', '1', '--workers', '2']
    const { code, stdout, stderr } = await runCommand(['bench', ...few, '--out', out, '--json'], {
      env: { TMPDIR: folder },
    })
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^preparing the closure\n/)])
    const report = JSON.parse(stdout.toString()) as BenchReport
    expect(readFileSync(join(out, 'report.json'), 'utf8')).toBe(stdout.toString())
    expect(readdirSync(out).sort()).toEqual([
      ...['growth.svg', 'rebuild.svg', 'report.json', 'report.md', 'tar-xz.svg', 'tar.svg'],
    ])
    expect(readdirSync(folder)).toEqual(['report'])

    expect(report.closure.tarSize).toBeGreaterThan(3e6)
    const rows = [...report.tar!, ...report.tarXz!, ...report.rebuild!]
    for (const row of rows) {
      expect(row).toMatchObject({ tree: 'same', size: expect.any(Number) })
      for (const figure of [row.seconds, row.ratio, row.cpuSeconds, row.bytesPerSecond])
        expect(figure).toBeGreaterThan(0)
    }
    for (const part of [report.tar!, report.tarXz!, report.rebuild!]) expect(part.at(-1)!.ours).toBe(true)
    expect(report.growth!.map(({ tarSize }) => tarSize)).toEqual(
      report.growth!.map(({ tarSize }) => tarSize).toSorted((a, b) => a - b),
    )
  })

  it('measures what it is asked to', async () => {
    const folder = temporaryFolder()
    const args = ['bench', '--size', '2MB', '--rounds', '1', '--part', 'tar']
    const { code, stdout } = await runCommand(args, { env: { TMPDIR: folder } })
    expect(code).toBe(0)
    expect(stdout.toString()).toMatch(/^nspawn-rootfs .* cores, .*\na generated closure \(seed 1\): /)
    expect(stdout.toString()).toContain('| **nspawn-rootfs** |')
    expect(stdout.toString()).not.toMatch(/tar\.xz|Growth/)
  })

  it('says what is wrong with a closure, and leaves nothing', async () => {
    const folder = temporaryFolder()
    const missing = '/nix/store/00000000000000000000000000000000-missing'
    const { code, stderr } = await runCommand(['bench', '--toplevel', missing, '--store', folder], {
      env: { TMPDIR: folder },
    })
    expect([code, stderr]).toEqual([1, expect.stringContaining(missing)])
    expect(stderr).not.toContain('report it')
    expect(readdirSync(folder)).toEqual([])
  })

  it('refuses a folder of --out that it cannot write to, before it measures', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const taken = join(folder, 'taken')
    mkdirSync(join(taken, 'report.md'), { recursive: true })
    for (const [out, said] of [
      [join(file, 'out'), 'file'],
      [taken, 'report.md'],
    ] as const) {
      const { code, stderr } = await runCommand(['bench', ...FEW, '--out', out], { env: { TMPDIR: folder } })
      expect([code, stderr]).toEqual([1, expect.stringContaining(said)])
      expect(stderr).not.toMatch(/preparing|report it/)
    }
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken'])
  })

  it('prints the report, even where it can no longer write the files', async () => {
    const folder = temporaryFolder()
    const out = join(folder, 'out')
    const { code, stdout, stderr } = await runCommand(['bench', ...FEW, '--out', out], {
      env: { TMPDIR: folder },
      started: child => {
        child.stderr!.once('data', () => rmSync(out, { recursive: true, force: true }))
      },
    })
    expect([code, stderr]).toEqual([1, expect.stringContaining(out)])
    expect(stdout.toString()).toContain('| **nspawn-rootfs** |')
    expect(existsSync(out)).toBe(false)
  })

  it('stops while it makes the closure, and leaves nothing', async () => {
    const folder = temporaryFolder()
    const { signal, stdout, stderr } = await runCommand(['bench', '--size', '100MB', '--out', join(folder, 'out')], {
      env: { TMPDIR: folder },
      started: child => {
        child.stderr!.once('data', () => child.kill('SIGINT'))
      },
    })
    expect([signal, stdout.toString()]).toEqual(['SIGINT', ''])
    // Not so late that a command was started.
    expect(stderr).toBe('preparing the closure\nnspawn-rootfs: stopped by SIGINT; nothing was left behind\n')
    expect(readdirSync(folder)).toEqual([])
  })

  it('removes the folder of --out if there is no report', async () => {
    const folder = temporaryFolder()
    const missing = '/nix/store/00000000000000000000000000000000-missing'
    const args = ['bench', '--toplevel', missing, '--store', folder, '--out', join(folder, 'a/b')]
    const { code } = await runCommand(args, { env: { TMPDIR: folder } })
    expect([code, readdirSync(folder)]).toEqual([1, []])
  })

  it('refuses a folder of --peers in which there is nothing to compare with', async () => {
    const folder = temporaryFolder()
    const run = (peers: string) => runCommand(['bench', ...FEW, '--peers', peers], { env: { TMPDIR: folder } })
    const missing = await run(join(folder, 'missing'))
    expect([missing.code, missing.stderr]).toEqual([
      ...[1, expect.stringMatching(/missing: not a copy of bench\/thirdparty of the sources; give one/)],
    ])
    const bare = join(folder, 'bare')
    mkdirSync(bare)
    writeFileSync(join(bare, 'tar.mjs'), '')
    const empty = await run(bare)
    expect([empty.code, empty.stderr]).toEqual([
      ...[1, expect.stringMatching(/bare: none of tar-fs, tar, modern-tar is installed; run npm install --prefix /)],
    ])
  })

  it.each([
    [['--part', 'nothing'], '--part'],
    [['--changed', './other'], '--toplevel'],
    [['--size', 'large'], '--size'],
    [['--rounds', '0'], '--rounds'],
  ])('refuses %j', async (args, said) => {
    const { code, stderr } = await runCommand(['bench', ...args])
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
  })
})
