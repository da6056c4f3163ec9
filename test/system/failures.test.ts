import type { ChildProcess } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChrootStore, copyToChroot } from './support/chroot-store.ts'
import { cli, finishCli, runCli, startCli } from './support/cli.ts'
import { closureOf, nixStore, type TestClosure } from './support/closures.ts'
import { execute } from './support/execute.ts'
import { expectFailure } from './support/failure.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needsRoot(...CLOSURE_PROGRAMS, 'mount', 'umount', 'find', 'bash', 'head')

const IMAGE = 'nixos-system-x86_64-linux.tar.xz'
const ARTEFACTS = ['SHA256SUMS', 'nixos-system-x86_64-linux.manifest.json', 'nixos-system-x86_64-linux.tar']

describe.skipIf(real.skip)(`a build that fails${real.because}`, () => {
  let scratch: Scratch
  let closure: TestClosure
  let chroot: ChrootStore

  beforeAll(async () => {
    scratch = createScratch()
    closure = await closureOf('small')
    chroot = await copyToChroot(closure, scratch.make('chroot'))
  })
  afterAll(() => scratch?.remove())

  describe('where the image goes', () => {
    it('on a full disk names the file and why', async () => {
      const out = scratch.mountTmpfs('full', 'size=16m')
      expectFailure(await runCli(build(out)), join(out, IMAGE), 'no space left on device')
      expect(readdirSync(out)).toEqual([])
    })

    it('on a disk without room for a second image leaves the first', async () => {
      const out = scratch.mountTmpfs('second', 'size=400m')
      await cli(build(out, 'tar'))
      const before = readdirSync(out)
      const digests = await execute('sha256sum', before, { cwd: out })
      expectFailure(await runCli(build(out, 'tar')), join(out, IMAGE.replace('.xz', '')), 'no space left on device')
      expect(readdirSync(out)).toEqual(before)
      expect(await execute('sha256sum', before, { cwd: out })).toEqual(digests)
    })

    it('on a read-only file system names the folder and why', async () => {
      const out = scratch.mountTmpfs('read-only', 'ro')
      expectFailure(await runCli(build(out)), out, 'read-only file system')
    })

    it('on a full standard output says why', async () => {
      const stdout = openSync('/dev/full', 'w')
      const result = await runCli(stream('tar'), { stdout })
      closeSync(stdout)
      expectFailure(result, 'no space left on device')
    })

    it.each(['tar', 'tar.xz'])('with a reader that goes away ends: %s', async format => {
      const log = join(scratch.folder, `reader-${format}.log`)
      const script = '"$@" 2> "$LOG" | head -c 1000 > /dev/null; echo "$PIPESTATUS"'
      const child = startCli(stream(format), { through: ['bash', '-c', script, 'bash'], env: { LOG: log } })
      const { stdout } = await finishCli(child)
      expectFailure({ exit: Number(stdout.text), stderr: readFileSync(log, 'utf8') }, /EPIPE|broken pipe|closed/i)
    })
  })

  describe('in the middle', () => {
    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s leaves what was there', async signal => {
      const out = scratch.make(signal)
      writeFileSync(join(out, IMAGE), 'from before')
      writeFileSync(join(out, 'notes'), 'of someone else')
      const before = contentsOf(out)
      const child = startCli(build(out))
      const finished = finishCli(child)
      await untilWriting(child, out)
      child.kill(signal)
      const { exit, stderr } = await finished
      expect([exit, stderr]).toEqual([signal, expect.stringContaining(`nspawn-rootfs: stopped by ${signal}; `)])
      expect(contentsOf(out)).toEqual(before)
    })

    it('by kill -9 leaves no final name, and the next build removes the rest', async () => {
      const out = scratch.make('killed')
      const child = startCli(build(out))
      const finished = finishCli(child)
      await untilWriting(child, out)
      child.kill('SIGKILL')
      expect((await finished).exit).toBe('SIGKILL')
      const left = readdirSync(out)
      expect(left).toHaveLength(1)
      expect(left[0]).toMatch(/^\.nspawn-rootfs-/)
      await cli(build(out, 'tar'))
      expect(readdirSync(out).sort()).toEqual(ARTEFACTS)
    })
  })

  describe('for what is in the store', () => {
    it('names a store path of which a byte was changed', async () => {
      const { path, file } = await largestFile()
      const contents = readFileSync(file)
      const changed = Buffer.from(contents)
      changed[changed.length >> 1]! ^= 1
      writeFileSync(file, changed)
      await expectNothingBuilt(path)
      writeFileSync(file, contents)
    })

    it.each(['missing', 'a folder with a file too many'])('names a store path that is %s', async fault => {
      const path = closure.paths[closure.paths.length >> 1]!
      const folder = chroot.locate(path)
      const aside = join(scratch.folder, 'aside')
      const stray = join(folder, 'stray')
      if (fault === 'missing') renameSync(folder, aside)
      else writeFileSync(stray, '')
      await expectNothingBuilt(path)
      if (fault === 'missing') renameSync(aside, folder)
      else await execute('rm', [stray])
    })

    it('names a store path whose database entry is another', async () => {
      const { path } = await largestFile()
      const info = join(scratch.folder, 'info')
      mkdirSync(info)
      const { stdout } = await nixStore('--dump-db', ...closure.paths)
      const lines = stdout.split('\n')
      // The hash of another store path: well formed, and wrong.
      const other = closure.paths.find(one => one !== path)!
      lines[lines.indexOf(path) + 1] = lines[lines.indexOf(other) + 1]!
      writeFileSync(join(info, 'registration'), lines.join('\n'))
      writeFileSync(join(info, 'store-paths'), `${closure.paths.join('\n')}\n`)
      await expectNothingBuilt(path, ['--closure-info', info])
    })

    it('names a store path with a file that grows and shrinks meanwhile', async () => {
      const { path, file } = await largestFile()
      const size = statSync(file).size
      const out = scratch.make('restless')
      const child = startCli(fromChroot(out))
      let running = true
      const finished = finishCli(child).finally(() => {
        running = false
      })
      for (let i = 0; running; i++) {
        if (i % 2) truncateSync(file, size - 1)
        else appendFileSync(file, 'xx')
        await wait(1)
      }
      truncateSync(file, size)
      expectFailure(await finished, basename(path))
      expect(readdirSync(out)).toEqual([])
    })

    async function expectNothingBuilt(path: string, more: string[] = []): Promise<void> {
      const out = join(scratch.folder, 'nothing', 'here')
      expectFailure(await runCli([...fromChroot(out, 'tar'), ...more]), path)
      expect(readdirSync(scratch.folder)).not.toContain('nothing')
      const streamed = await runCli([...stream('tar'), '--store', chroot.root, ...more])
      expectFailure(streamed, path)
    }

    async function largestFile(): Promise<{ path: string; file: string }> {
      const store = chroot.locate('/nix/store')
      const { stdout } = await execute('find', [store, '-type', 'f', '-printf', '%s %p\\n'])
      const [, file = ''] = /^\d+ (.*)$/.exec(largestFirst(stdout)[0]!)!
      return { path: `/nix/store/${file.slice(store.length + 1).split('/')[0]}`, file }
    }
  })

  function build(out: string, format: 'tar' | 'tar.xz' = 'tar.xz'): string[] {
    const level = format === 'tar' ? [] : ['--level', '0']
    return ['build', '--toplevel', closure.toplevel, '--format', format, ...level, '--out', out]
  }

  function fromChroot(out: string, format?: 'tar'): string[] {
    return [...build(out, format), '--store', chroot.root]
  }

  function stream(format: string): string[] {
    return ['build', '--toplevel', closure.toplevel, '--format', format, '--stdout']
  }
})

function largestFirst(listing: string): string[] {
  return listing.split('\n').sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))
}

/** Everything in a folder, by name. */
function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map(file => [file, readFileSync(join(folder, file), 'latin1')]))
}

/** Waits until a build has written part of the image. */
async function untilWriting(child: ChildProcess, out: string): Promise<void> {
  for (;;) {
    const [staging] = readdirSync(out).filter(name => name.startsWith('.nspawn-rootfs-'))
    const image = staging && statSync(join(out, staging, IMAGE), { throwIfNoEntry: false })
    if (image && image.size > 100_000) return
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before anything was written`)
    await wait(5)
  }
}
