import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type CliOptions, type CliResult, runCli } from './support/cli.ts'
import { execute } from './support/execute.ts'
import { withoutNix } from './support/isolation.ts'
import {
  buildClosure,
  createNixMachine,
  NIX_PROGRAMS,
  NIX_VERSIONS,
  type NixMachine,
  type NixSuite,
  type NixUser,
  type SmallClosure,
} from './support/nix-versions.ts'
import { type PublicCache, startPublicCache } from './support/public-cache.ts'
import { needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'
import { until } from './support/until.ts'

const real = needsRoot(...NIX_PROGRAMS, 'openssl')

const SUITES = Object.keys(NIX_VERSIONS) as NixSuite[]
/** From 2.10 on a user who is not root has a store in the home where there is none for all. */
const ROOTLESS = SUITES.filter(suite => NIX_VERSIONS[suite][1] >= 10)

const NOBODY = 65534

const MISTYPED = '/nix/store/00000000000000000000000000000000-mistyped'

/** A version of Nix with the same store in two places. */
interface Places {
  /** Has the store as `/nix`. */
  readonly machine: NixMachine
  readonly closure: SmallClosure
  /** What stands for `/` of the copy. */
  readonly root: string
  /** A dangling symlink in both. */
  readonly dangling: string
  /** SHA-256 of its image. */
  readonly expected: string
}

describe.skipIf(real.skip)(`the store of this machine${real.because}`, () => {
  let scratch: Scratch
  let cache: PublicCache
  /** A PATH without programs. */
  let nowhere = ''
  const prepared = new Map<NixSuite, Promise<Places>>()

  beforeAll(async () => {
    scratch = createScratch()
    cache = await startPublicCache(scratch.make('public-cache'))
    nowhere = scratch.make('path')
  })
  beforeEach(() => {
    cache.asked.length = 0
    cache.requests.length = 0
  })
  afterAll(async () => {
    await cache?.stop()
    scratch?.remove()
  })

  describe.each(SUITES)('of the Nix of %s', suite => {
    let machine: NixMachine
    /** The same Nix where /nix is empty. */
    let bare: NixMachine
    let places: Places
    beforeAll(async () => {
      places = await prepare(suite)
      machine = places.machine
      bare = await createNixMachine(scratch, suite)
    })

    it('has a dangling symlink', async () => {
      await expectImage(places, machine)
      await expectImage(places, machine, { PATH: nowhere })
    })

    it.each<[string, (root: string) => string]>([
      ['local?root=', root => `local?root=${encodeURIComponent(root)}`],
      ['a path', root => root],
      ['its folders', root => `local?real=${encode(root, 'nix/store')}&state=${encode(root, 'nix/var/nix')}`],
    ])('is where NIX_REMOTE says: %s', async (_, url) => {
      const NIX_REMOTE = url(places.root)
      await expectImage(places, bare, { NIX_REMOTE })
      await expectImage(places, bare, { NIX_REMOTE, PATH: nowhere })
    })

    it('is where NIX_REMOTE says, with a root given as a link or as its file', async () => {
      const { root, dangling } = places
      const NIX_REMOTE = `local?root=${encode(root)}`
      const result = join(scratch.make('link'), 'result')
      symlinkSync(dangling, result)
      await expectImage(places, bare, { NIX_REMOTE }, { given: result })
      await expectImage(places, bare, { NIX_REMOTE }, { given: join(root, dangling) })
    })

    it.each<[string, (folder: string) => Record<string, string>]>([
      ['the system', folder => ({ NIX_CONF_DIR: folder })],
      ['a user', folder => ({ NIX_USER_CONF_FILES: join(folder, 'nix.conf') })],
      ['a user, where XDG has it', folder => ({ XDG_CONFIG_HOME: dirname(folder) })],
      ['NIX_CONFIG', folder => ({ NIX_CONFIG: `include ${join(folder, 'store.conf')}` })],
    ])('is where the configuration says: that of %s', async (_, variables) => {
      const folder = join(scratch.make('conf'), 'nix')
      mkdirSync(folder)
      writeFileSync(join(folder, 'nix.conf'), '# a comment\ninclude store.conf\n')
      writeFileSync(join(folder, 'store.conf'), `store = ${places.root}\n`)
      // The configuration has the last word.
      await expectImage(places, bare, { NIX_REMOTE: 'local', ...variables(folder) })
    })

    it('does not have a path that was mistyped, nor does the public cache', async () => {
      for (const env of [{}, { PATH: nowhere }] as Record<string, string>[]) {
        cache.requests.length = 0
        // Where Nix cannot keep what caches tell it, it does not ask them.
        const XDG_CACHE_HOME = scratch.make('cache')
        const stderr = await failure(machine, 'root', { ...env, XDG_CACHE_HOME }, MISTYPED)
        expect(stderr).toContain(`${MISTYPED}: neither in the store of this machine (/nix/store)`)
        expect(stderr).toContain('https://cache.nixos.org')
        // Each once: Nix has not asked as well.
        expect(cache.requests).toEqual(['/nix-cache-info', `/${MISTYPED.slice(11, 43)}.narinfo`])
      }
    })

    it('does not have files that nobody registered, and no cache is asked for them', async () => {
      const stray = MISTYPED.replace('mistyped', 'stray')
      mkdirSync(join(bare.nix, 'store'), { recursive: true })
      writeFileSync(join(bare.nix, stray.slice('/nix/'.length)), '')
      expect(await failure(bare, 'root', {}, stray)).toMatch(/^ {2}nix: .*is not valid$/m)
      expect(cache.asked).toEqual([])
    })

    describe('behind a daemon', () => {
      let daemon: ChildProcess
      const inNix = (path: string) => join(machine.nix, 'var/nix', path)
      beforeAll(async () => {
        const [program = '', ...args] = [...machine.command('root', {}), 'nix-daemon']
        daemon = spawn(program, args, { stdio: 'ignore' })
        await until('the daemon listens', async () => accessSync(inNix('daemon-socket/socket')))
        chmodSync(inNix('db'), 0o700)
      })
      afterAll(async () => {
        const closed = once(daemon, 'close')
        daemon.kill()
        await closed
        chmodSync(inNix('db'), 0o755)
      })

      it('is asked through it, by who may not read its database', async () => {
        await expectImage(places, machine, {}, { user: 'nobody' })
        await expectImage(places, machine, { NIX_REMOTE: 'daemon' }, { user: 'nobody' })
      })

      it('says what it does not have', async () => {
        const stderr = await failure(machine, 'nobody', {}, MISTYPED)
        expect(stderr).toContain(`${MISTYPED}: neither in the store of this machine (/nix/store)`)
        expect(cache.requests).toHaveLength(2)
      })

      it('tells of all that refuse, and no cache is asked', async () => {
        chmodSync(inNix('daemon-socket'), 0o700)
        onTestFinished(() => chmodSync(inNix('daemon-socket'), 0o755))
        for (const path of [places.dangling, MISTYPED]) {
          const stderr = await failure(machine, 'nobody', { NIX_REMOTE: 'daemon' }, path)
          expect(stderr).toMatch(/^ {2}nix: .*daemon-socket.*$/m)
          expect(stderr).toMatch(/^ {2}nix-store: .*daemon-socket.*$/m)
          expect(stderr).toMatch(/^ {2}\/nix\/var\/nix\/db\/db\.sqlite: /m)
        }
        expect(cache.asked).toEqual([])
      })
    })
  })

  describe.each(ROOTLESS)('of a user who is not root, with the Nix of %s', suite => {
    let places: Places
    let bare: NixMachine
    let home = ''
    beforeAll(async () => {
      places = await prepare(suite)
      bare = await createNixMachine(scratch, suite)
      home = scratch.make('home')
      const root = join(home, '.local/share/nix/root')
      await copyStore(places.machine, root)
      await execute('chown', ['-hR', `${NOBODY}:${NOBODY}`, home])
    })

    it.each<[string, () => Record<string, string>]>([
      ['in the home', () => ({ HOME: home })],
      ['in XDG_DATA_HOME', () => ({ XDG_DATA_HOME: join(home, '.local/share') })],
      ['in NIX_DATA_HOME', () => ({ NIX_DATA_HOME: join(home, '.local/share/nix') })],
    ])('is %s', async (_, variables) => {
      await expectImage(places, bare, variables(), { user: 'nobody' })
      await expectImage(places, bare, { ...variables(), PATH: nowhere }, { user: 'nobody' })
    })

    it('is another one where the user says so', async () => {
      const { root } = places
      await expectImage(places, bare, { HOME: home, NIX_REMOTE: root, PATH: nowhere }, { user: 'nobody' })
    })
  })

  function prepare(suite: NixSuite): Promise<Places> {
    const places = prepared.get(suite) ?? makePlaces(suite)
    prepared.set(suite, places)
    return places
  }

  async function makePlaces(suite: NixSuite): Promise<Places> {
    const machine = await createNixMachine(scratch, suite)
    const closure = await buildClosure(machine)
    const root = join(scratch.make('elsewhere'), 'a root')
    await copyStore(machine, root)
    const dangling = closure.named('dangling')
    const { exit, stdout } = await buildOf(dangling, withoutNix(scratch), '--store', root)
    expect(exit).toBe(0)
    return { machine, closure, root, dangling, expected: stdout.sha256 }
  }

  /** Copies the store of a machine to where `root` stands for `/`. */
  async function copyStore(machine: NixMachine, root: string): Promise<void> {
    mkdirSync(root, { recursive: true })
    await execute('cp', ['--archive', machine.nix, join(root, 'nix')])
  }

  /** Builds of the dangling symlink, and checks that no cache was asked. */
  async function expectImage(
    { dangling, expected }: Places,
    machine: NixMachine,
    env: Record<string, string> = {},
    { user = 'root', given = dangling }: { user?: NixUser; given?: string } = {},
  ): Promise<void> {
    const options = machine.cli({ user, env: { ...cache.env, ...env } })
    const { stderr, stdout } = await buildOf(given, options)
    expect({ stderr, sha256: stdout.sha256 }).toEqual({ stderr: expect.any(String), sha256: expected })
    expect(cache.asked).toEqual([])
  }

  /** What a build says that fails. */
  async function failure(machine: NixMachine, user: NixUser, env: Record<string, string>, path: string) {
    const { exit, stderr } = await buildOf(path, machine.cli({ user, env: { ...cache.env, ...env } }))
    expect(exit).toBe(1)
    return stderr
  }

  function buildOf(path: string, options: CliOptions, ...args: readonly string[]): Promise<CliResult> {
    return runCli(['build', '--root', path, ...args, '--name', 'x', '--format', 'tar', '--stdout'], options)
  }
})

function encode(...path: readonly string[]): string {
  return encodeURIComponent(join(...path))
}
