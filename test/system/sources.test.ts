import { statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChrootStore, cloneChroot, copyToChroot } from './support/chroot-store.ts'
import { type CliOptions, cli } from './support/cli.ts'
import { closureOf, NIX_ENV, nixStore, type TestClosure } from './support/closures.ts'
import { execute } from './support/execute.ts'
import { asNobody } from './support/isolation.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needsRoot(...CLOSURE_PROGRAMS, 'setpriv', 'unshare', 'mount', 'nix-hash')

/** How an image is built: the arguments, and everything that must make no difference. */
type Way = [title: string, how: () => Promise<{ args: string[]; options?: CliOptions }>]

describe.skipIf(real.skip)(`one image, wherever it comes from${real.because}`, () => {
  let scratch: Scratch
  let closure: TestClosure
  let chroot: ChrootStore
  const expected = { tar: '', 'tar.xz': '' }

  beforeAll(async () => {
    scratch = createScratch()
    closure = await closureOf('small')
    chroot = await copyToChroot(closure, scratch.make('chroot'))
    expected.tar = await build('tar', ['--toplevel', closure.toplevel])
    expected['tar.xz'] = await build('tar.xz', ['--toplevel', closure.toplevel])
  })
  afterAll(() => scratch?.remove())

  const ways: Way[] = [
    ['a link to the toplevel', async () => ({ args: ['--toplevel', closure.link] })],
    ['the toplevel as a root, too', async () => ({ args: ['--toplevel', closure.link, '--root', closure.toplevel] })],
    ['nix-store on PATH, but no nix', async () => ({ args: local(), options: onPath('nix-store') })],
    ['no Nix on PATH: the database', async () => ({ args: local(), options: onPath() })],
    ['a nix on PATH that fails', async () => ({ args: local(), options: onPath('nix', 'false') })],
    ['someone who is not root', async () => ({ args: local(), options: asNobody(scratch) })],
    ['someone who is not root, without Nix', async () => ({ args: local(), options: asNobody(scratch, onPath()) })],
    ['closureInfo as nixpkgs makes it', async () => ({ args: [...local(), '--closure-info', await closureInfo()] })],
    ['closureInfo of nix-store --dump-db', async () => ({ args: [...local(), '--closure-info', await dumpedInfo()] })],
    ['closureInfo of a store without a database', inStoreWithoutDatabase],
    ['a chroot store', async () => ({ args: [...local(), '--store', chroot.root] })],
    ['a path inside a chroot store', async () => ({ args: inside(chroot) })],
    ['an optimised store', inOptimisedStore],
    ['a store on another file system', inStoreOnTmpfs],
    ['a store of another owner, with other modes and times', inUntidyStore],
    [
      'another umask',
      async () => ({ args: local(), options: { through: ['sh', '-c', 'umask 077; exec "$@"', 'sh'] } }),
    ],
    ['another locale, time zone and home', async () => ({ args: local(), options: { env: elsewhere() } })],
    ...[1, 2, 8].map((n): Way => [`${n} workers`, async () => ({ args: [...local(), '--workers', String(n)] })]),
  ]

  it.each(ways)('%s', async (_, how) => {
    const { args, options } = await how()
    expect(await build('tar', args, options)).toBe(expected.tar)
  })

  // What is compressed is the tar, which is the same: so only for what might reach the cuts between blocks.
  it.each(ways.filter(([title]) => /workers|another locale|an optimised/.test(title)))(
    'compressed: %s',
    async (_, how) => {
      const { args, options } = await how()
      expect(await build('tar.xz', args, options)).toBe(expected['tar.xz'])
    },
  )

  describe('a database that is in use', () => {
    let store: ChrootStore
    let other: DatabaseSync
    beforeAll(async () => {
      store = await cloneChroot(chroot, scratch.make('in-use'))
      other = new DatabaseSync(store.database)
      other.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = OFF')
      const { id } = other.prepare('SELECT id FROM ValidPaths WHERE path = ?').get(closure.toplevel) as { id: number }
      // In the file itself the toplevel refers to nothing; that it does is only in the log.
      other.exec(`CREATE TEMP TABLE Kept AS SELECT * FROM Refs WHERE referrer = ${id}`)
      other.exec(`DELETE FROM Refs WHERE referrer = ${id}; PRAGMA wal_checkpoint(TRUNCATE)`)
      other.exec('INSERT INTO Refs SELECT * FROM Kept')
      expect(statSync(`${store.database}-wal`).size).toBeGreaterThan(0)
    })
    afterAll(() => other?.close())

    it('is read with what is in its log', async () => {
      expect(await build('tar', [...local(), '--store', store.root])).toBe(expected.tar)
    })

    it('is read as it was before a transaction that goes on', async () => {
      other.exec('BEGIN IMMEDIATE; DELETE FROM Refs')
      expect(await build('tar', [...local(), '--store', store.root])).toBe(expected.tar)
      other.exec('ROLLBACK')
    })

    it('is read as it was before a large transaction, part of which is in the log', async () => {
      other.exec('PRAGMA cache_size = 2; BEGIN IMMEDIATE; DELETE FROM Refs; UPDATE ValidPaths SET narSize = 1')
      expect(await build('tar', [...local(), '--store', store.root])).toBe(expected.tar)
      other.exec('ROLLBACK')
    })

    it('is never read half-written, where Nix does without a write-ahead log', async () => {
      const clone = await cloneChroot(chroot, scratch.make('rollback'))
      using writer = new DatabaseSync(clone.database)
      writer.exec('PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF; PRAGMA cache_size = 2')
      writer.exec('BEGIN IMMEDIATE; DELETE FROM Refs; UPDATE ValidPaths SET narSize = 1')
      await expect(build('tar', [...local(), '--store', clone.root])).rejects.toThrow('database is locked')
      writer.exec('ROLLBACK')
      expect(await build('tar', [...local(), '--store', clone.root])).toBe(expected.tar)
    })

    it('is not left changed by a build', async () => {
      const clone = await cloneChroot(chroot, scratch.make('untouched'))
      const list = () => execute('find', [join(clone.root, 'nix/var'), '-printf', '%p %y %m %s %T@ %C@\\n'])
      const before = await list()
      await build('tar', [...local(), '--store', clone.root])
      expect(await list()).toEqual(before)
    })
  })

  function local(): string[] {
    return ['--toplevel', closure.toplevel]
  }

  function inside(store: ChrootStore): string[] {
    return ['--toplevel', store.locate(closure.toplevel), '--store', store.root]
  }

  /** A folder of our own in front of every run: none happens to build where another did. */
  async function build(format: 'tar' | 'tar.xz', args: readonly string[], options: CliOptions = {}): Promise<string> {
    const cwd = scratch.make('cwd')
    const level = format === 'tar' ? [] : ['--level', '0']
    const all = ['build', ...args, '--format', format, ...level, '--stdout']
    return (await cli(all, { cwd, ...options })).stdout.sha256
  }

  /** A PATH on which there is nothing but one program of Nix, or nothing; what it is may be another program. */
  function onPath(name?: 'nix' | 'nix-store', program: string | undefined = name): CliOptions {
    const folder = scratch.make('path')
    if (name && program) symlinkSync(join('/usr/bin', program), join(folder, name))
    return { env: { PATH: folder } }
  }

  function elsewhere(): Record<string, string> {
    return { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'Pacific/Kiritimati', HOME: '/nonexistent' }
  }

  /** closureInfo with `sha256:` and base 32, in the order of no one. */
  async function closureInfo(): Promise<string> {
    const { stdout } = await execute('nix', ['path-info', '--json', '--recursive', closure.toplevel], { env: NIX_ENV })
    const infos = (
      JSON.parse(stdout) as { path: string; narHash: string; narSize: number; references: string[] }[]
    ).sort((a, b) => (a.path < b.path ? 1 : -1))
    const base16 = infos.map(info => Buffer.from(info.narHash.slice(7), 'base64').toString('hex'))
    const base32 = (await execute('nix-hash', ['--type', 'sha256', '--to-base32', ...base16])).stdout.split('\n')
    const records = infos.map((info, i) =>
      [info.path, `sha256:${base32[i]}`, info.narSize, '', info.references.length, ...info.references, ''].join('\n'),
    )
    return infoFolder(
      infos.map(info => info.path),
      records.join(''),
    )
  }

  /** The same with hashes in base 16 and derivers. */
  async function dumpedInfo(): Promise<string> {
    return infoFolder(closure.paths, (await nixStore('--dump-db', ...closure.paths)).stdout)
  }

  function infoFolder(paths: readonly string[], registration: string): string {
    const folder = scratch.make('info')
    writeFileSync(join(folder, 'store-paths'), `${paths.join('\n')}\n`)
    writeFileSync(join(folder, 'registration'), registration)
    return folder
  }

  async function inStoreWithoutDatabase(): ReturnType<Way[1]> {
    const store = await cloneChroot(chroot, scratch.make('no-database'))
    await execute('rm', ['-rf', join(store.root, 'nix/var')])
    return { args: [...inside(store), '--closure-info', await closureInfo()], options: onPath() }
  }

  async function inOptimisedStore(): ReturnType<Way[1]> {
    const store = await cloneChroot(chroot, scratch.make('optimised'))
    const { stderr } = await execute('nix-store', ['--optimise'], {
      env: { ...NIX_ENV, NIX_REMOTE: `local?root=${store.root}` },
    })
    expect(stderr).toMatch(/hard-linking [1-9]\d* files/)
    return { args: [...local(), '--store', store.root] }
  }

  async function inStoreOnTmpfs(): ReturnType<Way[1]> {
    const store = await cloneChroot(chroot, scratch.mountTmpfs('tmpfs', 'mode=755'))
    return { args: [...local(), '--store', store.root] }
  }

  async function inUntidyStore(): ReturnType<Way[1]> {
    const store = await cloneChroot(chroot, scratch.make('untidy'))
    const folder = join(store.root, 'nix/store')
    await execute('chown', ['-hR', '1234:5678', folder])
    await execute('chmod', ['-R', 'u+w,g-rx,o-rwx,o+t', folder])
    await execute('find', [folder, '-exec', 'touch', '--no-dereference', '{}', '+'])
    return { args: [...local(), '--store', store.root] }
  }
})
