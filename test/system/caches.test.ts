import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyToCache, createKey, damageCache, largestIn, type SigningKey, signCache } from './support/binary-cache.ts'
import { type CliOptions, cli, runCli } from './support/cli.ts'
import { closureOf, NIX_ENV, nixStore, type TestClosure } from './support/closures.ts'
import { execute } from './support/execute.ts'
import { expectFailure } from './support/failure.ts'
import { expectHealthy, QUESTIONS } from './support/health.ts'
import { asNobody, withoutNix } from './support/isolation.ts'
import { boot, importImage, plant, reportingUnit } from './support/machines.ts'
import { createMemoryMeter, MB, MEMORY_MAX, type MemoryMeter } from './support/memory.ts'
import { type Nginx, startNginx } from './support/nginx.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needsRoot(
  ...[...CLOSURE_PROGRAMS, 'nginx', 'xz', 'cp', 'mount', 'unshare', 'setpriv'],
  ...['systemd-nspawn', 'chattr', 'tar'],
)

const GIB = 1024 ** 3

/** The caches of the small closure, by their names. */
const SMALL = ['small-xz', 'small-zstd', 'small-none'] as const

describe.skipIf(real.skip)(`binary caches as Nix makes them${real.because}`, () => {
  let scratch: Scratch
  let small: TestClosure
  let large: TestClosure
  let nginx: Nginx
  let key: SigningKey
  let otherKey: SigningKey
  let meter: MemoryMeter
  /** Where all the caches are, and what nginx serves. */
  let caches = ''
  /** A store path with a file of 2 GiB, in a store of its own. */
  let big = { path: '', root: '' }
  /** SHA-256 of images of what is in local stores. */
  const expected = { small: '', large: '', big: '' }

  beforeAll(async () => {
    scratch = createScratch()
    caches = scratch.make('caches')
    meter = createMemoryMeter(scratch.folder)
    key = await createKey(join(scratch.folder, 'key'), 'test-1')
    otherKey = await createKey(join(scratch.folder, 'other'), 'test-1')
    small = await closureOf('small')
    large = await closureOf('large')
    nginx = await startNginx(caches, join(scratch.folder, 'nginx'))
    // One processor is busy with xz for half a minute, even at the lowest level.
    await Promise.all([
      copyToCache(small.toplevel, cache('small-xz'), { compression: 'xz', level: 1, key }),
      makeRest(),
    ])
  })
  afterAll(async () => {
    await nginx?.stop()
    scratch?.remove()
  })

  async function makeRest(): Promise<void> {
    await copyToCache(small.toplevel, cache('small-zstd'), { compression: 'zstd' })
    await signCache(cache('small-zstd'), small.toplevel, key)
    await copyToCache(small.toplevel, cache('small-none'), { compression: 'none', key })
    await copyToCache(small.toplevel, cache('unsigned'), { compression: 'none' })
    await copyToCache(large.toplevel, cache('large'), { compression: 'zstd', level: 1, key })
    big = await addBigPath()
    await copyToCache(big.path, cache('big-xz'), { compression: 'xz', level: 0, key, store: big.root })
    await copyToCache(big.path, cache('big-zstd'), { compression: 'zstd', level: 1, key, store: big.root })
    expected.small = await build(['--toplevel', small.toplevel])
    expected.large = await build(['--toplevel', large.toplevel])
    expected.big = await build(['--root', big.path, '--store', big.root])
  }

  describe.each(SMALL)('%s', name => {
    it('served by nginx gives the image of the local store, without a Nix here', async () => {
      const args = ['--toplevel', small.toplevel, '--store', `${nginx.url}/${name}`, ...trust(key)]
      expect(await build(args, withoutNix(scratch))).toBe(expected.small)
      const infos = () => filesServed(name).filter(file => file.endsWith('.narinfo'))
      const nars = () => filesServed(name).filter(file => file.startsWith('nar/'))
      await expect.poll(nars).toEqual(
        readdirSync(join(cache(name), 'nar'), { encoding: 'utf8' })
          .sort()
          .map(inNar),
      )
      expect(infos()).toHaveLength(small.paths.length)
    })

    it('on this machine gives the image of the local store', async () => {
      const args = ['--toplevel', small.toplevel, '--store', `file://${cache(name)}`, ...trust(key)]
      expect(await build(args, withoutNix(scratch))).toBe(expected.small)
    })
  })

  it('is read by someone who is not root and has no Nix', async () => {
    const args = ['--toplevel', small.toplevel, '--store', `${nginx.url}/small-none`, ...trust(key)]
    expect(await build(args, asNobody(scratch, withoutNix(scratch)))).toBe(expected.small)
  })

  it.each([1, 2, 8])('gives one image to %i workers', async workers => {
    const args = ['--toplevel', small.toplevel, '--store', `${nginx.url}/small-zstd`, ...trust(key)]
    expect(await build([...args, '--workers', String(workers)])).toBe(expected.small)
  })

  it('is believed without a signature by who asks for that', async () => {
    const args = ['--toplevel', small.toplevel, '--store', `${nginx.url}/unsigned`, '--no-require-signatures']
    expect(await build(args)).toBe(expected.small)
  })

  describe('a machine of a cache', () => {
    let published = ''
    beforeAll(async () => {
      published = join(scratch.folder, 'published')
      const from = ['--store', `${nginx.url}/small-xz`, ...trust(key)]
      const args = ['build', '--toplevel', small.toplevel, ...from, '--level', '0', '--name', 'nixos']
      await cli([...args, '--out', published], withoutNix(scratch))
    })

    it('is compressed like one of the local store', async () => {
      const local = join(scratch.folder, 'local')
      await cli(['build', '--toplevel', small.toplevel, '--level', '0', '--name', 'nixos', '--out', local])
      expect(readdirSync(published)).toEqual(['SHA256SUMS', 'nixos.manifest.json', 'nixos.tar.xz'])
      for (const file of readdirSync(local)) await execute('cmp', [join(local, file), join(published, file)])
    })

    it('is imported and boots, with a Nix database that verifies', async () => {
      const root = await importImage(join(published, 'nixos.tar.xz'), scratch.make('machines'), 'cached')
      plant(root, reportingUnit(QUESTIONS))
      await expectHealthy(await boot(root), small)
    })
  })

  describe('refuses', () => {
    it.each([
      ['the right name with the wrong key', () => trust(otherKey), 'its signature by test-1 is wrong'],
      ['another name', () => trust(key, 'other-1'), 'it is signed by test-1, and trusted is other-1'],
      ['no key', () => [], 'it is signed by test-1, and trusted is cache.nixos.org-1'],
    ])('who signed: %s', async (_, flags, why) => {
      await expectRefusal('small-xz', small.toplevel, flags(), small.toplevel, `${nginx.url}/small-xz/`, why)
    })

    it('what nobody signed', async () => {
      await expectRefusal('unsigned', small.toplevel, trust(key), `${nginx.url}/unsigned/`, 'it is not signed')
    })

    it.each([
      ['changed', (bytes: Buffer) => flip(bytes)],
      ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
      ['missing', undefined],
    ])('a NAR that is %s', async (fault, change) => {
      const { path, file } = largestIn(cache('small-zstd'))
      const name = `damaged-${fault.replace(' ', '-')}`
      await damageCache(cache('small-zstd'), cache(name), file, change)
      await expectRefusal(name, small.toplevel, trust(key), path, `${nginx.url}/${name}/${file}`)
    })

    async function expectRefusal(name: string, toplevel: string, flags: string[], ...said: string[]): Promise<void> {
      const out = scratch.make('refused')
      const args = ['build', '--toplevel', toplevel, '--store', `${nginx.url}/${name}`, ...flags]
      expectFailure(await runCli([...args, '--format', 'tar', '--out', out]), ...said)
      expect(readdirSync(out)).toEqual([])
    }
  })

  describe(`with at most ${MEMORY_MAX / MB} MB of memory`, () => {
    it.each(['http', 'file'])('gives the image of the local store of a large closure: %s', async scheme => {
      const url = scheme === 'http' ? nginx.url : `file://${caches}`
      await expectModest(['--toplevel', large.toplevel, '--store', `${url}/large`], expected.large)
    })

    it.each(['big-xz', 'big-zstd'])('gives the image of the local store of a NAR of 2 GiB: %s', async name => {
      await expectModest(['--root', big.path, '--store', `${nginx.url}/${name}`], expected.big)
    })

    it('compresses a closure at level 6', async () => {
      // A third of the closure, whose blocks keep both workers busy twice.
      const root = small.paths.find(path => path.includes('-procps-'))!
      const args = ['build', '--root', root, '--name', 'x', '--store', `${nginx.url}/small-xz`, ...trust(key)]
      const out = join(scratch.folder, 'level-6')
      const { stderr } = await cli([...args, '--workers', '2', '--level', '6', '--out', out], { env: meter.env })
      expect(meter.peak(stderr)).toBeLessThan(MEMORY_MAX)
    })

    async function expectModest(what: string[], sha256: string): Promise<void> {
      const args = ['build', ...what, ...trust(key), '--workers', '2', '--format', 'tar', '--stdout']
      const { stdout, stderr } = await cli(args, { env: meter.env })
      expect(stdout.sha256).toBe(sha256)
      expect(meter.peak(stderr)).toBeLessThan(MEMORY_MAX)
    }
  })

  describe('without a cache', () => {
    it('what nix-store --export wrote gives the image of the local store', async () => {
      const file = join(scratch.folder, 'small.export')
      await writeOutput(file, ['nix-store', '--export', ...small.paths])
      const args = ['--toplevel', small.toplevel, '--export', file]
      expect(await build(args, withoutNix(scratch))).toBe(expected.small)
    })

    it('what nix-store --dump wrote, compressed or not, gives the image of the local store', async () => {
      const root = small.paths.find(path => path.includes('-coreutils-'))!
      const { stdout } = await nixStore('--query', '--requisites', root)
      const paths = stdout.split('\n').filter(Boolean)
      expect(paths.length).toBeGreaterThan(3)
      const nars: string[] = []
      for (const [i, path] of paths.entries()) {
        const file = join(scratch.folder, `${basename(path)}.nar`)
        await writeOutput(file, ['nix-store', '--dump', path])
        if (i % 2) await execute('xz', [file])
        nars.push('--nar', `${path}=${i % 2 ? `${file}.xz` : file}`)
      }
      expect(await build(nars, withoutNix(scratch))).toBe(await build(['--root', root]))
    })
  })

  function cache(name: string): string {
    return join(caches, name)
  }

  function trust({ publicKey }: SigningKey, name = 'test-1'): string[] {
    return ['--trusted-public-key', publicKey.replace(/^.*?:/, `${name}:`)]
  }

  /** Builds a plain tar and returns its SHA-256. */
  async function build(args: readonly string[], options?: CliOptions): Promise<string> {
    return (await cli(['build', ...args, '--format', 'tar', '--stdout'], options)).stdout.sha256
  }

  /** The files of a cache that nginx served so far, each once, sorted. */
  function filesServed(name: string): string[] {
    const prefix = `/${name}/`
    const files = nginx.served().flatMap(path => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []))
    return [...new Set(files)].sort()
  }

  async function addBigPath(): Promise<{ path: string; root: string }> {
    const folder = join(scratch.folder, 'big')
    mkdirSync(folder)
    writeFileSync(join(folder, 'file'), '')
    truncateSync(join(folder, 'file'), 2 * GIB)
    const root = scratch.make('chroot')
    const { stdout } = await execute('nix-store', ['--store', root, '--add', folder], { env: NIX_ENV })
    return { path: stdout.trim(), root }
  }
})

function inNar(name: string): string {
  return `nar/${name}`
}

function flip(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1]! ^= 1
  return bytes
}

/** Runs a program with its output in a file. */
function writeOutput(file: string, command: readonly string[]): Promise<unknown> {
  return execute('sh', ['-c', '"$@" > "$OUTPUT"', 'sh', ...command], { env: { ...NIX_ENV, OUTPUT: file } })
}
