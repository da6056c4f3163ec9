import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseStorePath } from '../../../src/nix/index.ts'
import { readDatabase } from '../../../src/store/database.ts'
import { locateStore, type StoreLocation } from '../../../src/store/location.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder, unprivileged } from '../../temporary.ts'
import { createDatabase, registerPaths } from './nix-database.ts'

const [A, B, C, OTHER] = ['a', 'b', 'c', 'other'].map(storePathOf) as [string, string, string, string]
// A loop, a reference to itself, and a path that nobody refers to.
const PATHS = { [A]: { references: [A, B] }, [B]: { references: [C] }, [C]: { references: [B] }, [OTHER]: {} }

let root = ''
let location: StoreLocation
beforeEach(() => {
  root = temporaryFolder()
  location = locateStore(root)
})
const read = (...paths: string[]) =>
  readDatabase(
    location,
    paths.map(path => parseStorePath(path)),
  )
    .map(({ path, references }) => [path.path, references.map(reference => reference.path).sort()])
    .sort()
const CLOSURE_OF_A = [
  [A, [A, B].sort()],
  [B, [C]],
  [C, [B]],
].sort()
const folderState = () => {
  const folder = dirname(location.database)
  return readdirSync(folder)
    .sort()
    .map(name => [name, statSync(join(folder, name)).size])
}

describe.each(['wal', 'truncate'] as const)('readDatabase, journal mode %s', mode => {
  it('reads a closure, and nothing beside it', () => {
    const database = createDatabase(location.database, mode)
    registerPaths(database, PATHS)
    database.close()
    expect(read(A)).toEqual(CLOSURE_OF_A)
    expect(read(OTHER, C)).toEqual([[OTHER, []], ...CLOSURE_OF_A.slice(0)].filter(([path]) => path !== A).sort())
    expect(readDatabase(location, [parseStorePath(OTHER)])).toMatchObject([
      { narHash: expect.stringMatching(/^sha256:[0-9a-z]{52}$/), narSize: 7 },
    ])
  })

  it('leaves the folder as it was', () => {
    const database = createDatabase(location.database, mode)
    registerPaths(database, PATHS)
    database.close()
    const before = folderState()
    read(A)
    expect(folderState()).toEqual(before)
  })

  it('reads in a folder and from a file that it may not write to', () => {
    const database = createDatabase(location.database, mode)
    registerPaths(database, PATHS)
    database.close()
    chmodSync(location.database, 0o444)
    for (let path = dirname(location.database); path.startsWith(root); path = dirname(path)) chmodSync(path, 0o555)
    expect(unprivileged(() => read(A))).toEqual(CLOSURE_OF_A)
  })

  it('reads what is committed while another holds a write transaction', () => {
    const database = createDatabase(location.database, mode)
    registerPaths(database, PATHS)
    database.exec('begin immediate')
    database.prepare('delete from Refs').run()
    registerPaths(database, { [storePathOf('new')]: {} })
    const before = folderState()
    expect(read(A)).toEqual(CLOSURE_OF_A)
    expect(() => read(storePathOf('new'))).toThrow(expect.objectContaining({ code: 'CLOSURE_INCOMPLETE' }))
    expect(folderState()).toEqual(before)
    database.exec('commit')
    database.close()
  })

  it('reads nothing uncommitted, though the other one has begun to write it into the file', () => {
    const database = createDatabase(location.database, mode)
    registerPaths(database, PATHS)
    // A small cache makes SQLite write pages out in the middle of a transaction.
    database.exec('pragma cache_size = 2; pragma cache_spill = 1; begin immediate')
    registerPaths(database, Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [storePathOf(`new${i}`), {}])))
    database.exec(`delete from ValidPaths where path = '${OTHER}'`)
    // A busy database may be refused, but never read half-way.
    expect(resultOrCode(() => read(A))).toSatisfy(
      result => result === 'STORE_UNREADABLE' || JSON.stringify(result) === JSON.stringify(CLOSURE_OF_A),
    )
    expect(resultOrCode(() => read(storePathOf('new0')))).toSatisfy(
      result => result === 'STORE_UNREADABLE' || result === 'CLOSURE_INCOMPLETE',
    )
    database.exec('rollback')
    database.close()
  })
})

describe('readDatabase', () => {
  it('reads what stands in the write-ahead log only', () => {
    const database = createDatabase(location.database, 'wal')
    database.exec('pragma wal_autocheckpoint = 0')
    registerPaths(database, PATHS)
    expect(statSync(`${location.database}-wal`).size).toBeGreaterThan(0)
    const before = folderState()
    expect(read(A)).toEqual(CLOSURE_OF_A)
    expect(folderState()).toEqual(before)
    database.close()
  })

  it('reads a log whose writer was killed', () => {
    const folder = temporaryFolder()
    const database = createDatabase(join(folder, 'db.sqlite'), 'wal')
    database.exec('pragma wal_autocheckpoint = 0')
    registerPaths(database, PATHS)
    mkdirSync(dirname(location.database), { recursive: true })
    for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(dirname(location.database), name))
    database.close()
    const before = folderState()
    expect(read(A)).toEqual(CLOSURE_OF_A)
    expect(folderState()).toEqual(before)
  })

  it('names the root that is not valid there', () => {
    createDatabase(location.database, 'wal').close()
    expect(() => read(A)).toThrow(expect.objectContaining({ code: 'CLOSURE_INCOMPLETE', path: A }))
  })

  it.each<[string, () => void]>([
    ['missing', () => rmSync(location.database)],
    ['no database', () => writeFileSync(location.database, 'something else, long enough to be no header of SQLite')],
    ['empty', () => writeFileSync(location.database, '')],
  ])('says so where the file is %s', (_, spoil) => {
    createDatabase(location.database, 'wal').close()
    spoil()
    expect(() => read(A)).toThrow(expect.objectContaining({ code: 'STORE_UNREADABLE', path: location.database }))
  })
})

function resultOrCode<T>(call: () => T): T | string {
  try {
    return call()
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a database that was left in use', () => {
  it('is read with its log, though the shared memory is gone, and left as it is', () => {
    const database = createDatabase(location.database, 'wal')
    registerPaths(database, PATHS)
    const left = temporaryFolder()
    for (const suffix of ['', '-wal']) {
      copyFileSync(location.database + suffix, join(left, `db.sqlite${suffix}`))
    }
    database.close()
    location = { ...location, database: join(left, 'db.sqlite') }
    const before = folderState()
    expect(before.map(([name]) => name)).toEqual(['db.sqlite', 'db.sqlite-wal'])
    expect(read(A)).toEqual(CLOSURE_OF_A)
    expect(folderState()).toEqual(before)
  })

  it('is not read where a path has no NAR size', () => {
    const database = createDatabase(location.database, 'wal')
    registerPaths(database, PATHS)
    database.exec('UPDATE ValidPaths SET narSize = NULL')
    database.close()
    expect(() => read(A)).toThrow(/knows no NAR size/)
  })

  it('is missed by name', () => {
    expect(() => read(A)).toThrow(/db\.sqlite: not there;.*--closure-info/)
  })
})

describe('a database that cannot be read is told of as it is', () => {
  const file = () => location.database
  const folder = () => dirname(file())

  it.each<[string, () => void, RegExp]>([
    ['in a folder that one may not search', () => chmodSync(folder(), 0o700), /: permission denied; run as a user/],
    ['that one may not read', () => chmodSync(file(), 0o600), /: permission denied; run as a user/],
    [
      'below a file',
      () => replace(folder(), path => writeFileSync(path, '')),
      /: not there: on the way to it is a file;/,
    ],
    ['behind a circle', () => replace(folder(), path => symlinkSync(path, path)), /lead in a circle/],
    ['that is none', () => writeFileSync(file(), 'x'.repeat(5000)), /: not an SQLite database, or damaged \(/],
    ['that is cut off', () => truncateSync(file(), 5000), /: damaged \(.*malformed\); restore it/],
    ['that is empty', () => writeFileSync(file(), ''), /: not the database of a Nix store.*ValidPaths/],
    [
      'of another schema',
      () => alter('ALTER TABLE ValidPaths RENAME TO Paths'),
      /: not the database of a Nix store.*no such table: ValidPaths/,
    ],
  ])('%s', (_, spoil, message) => {
    createDatabase(file(), 'truncate').close()
    for (let path = folder(); path.startsWith(root); path = dirname(path)) chmodSync(path, 0o755)
    spoil()
    const error = unprivileged(() => resultOf(() => read(A)))
    expect(error).toMatchObject({ code: 'STORE_UNREADABLE', path: file(), message: expect.stringMatching(message) })
    expect((error as Error).message).toMatch(/--closure-info\)$/)
    chmodSync(root, 0o755)
  })

  it('that another process has locked', () => {
    const other = createDatabase(file(), 'truncate')
    registerPaths(other, PATHS)
    other.exec('BEGIN EXCLUSIVE')
    expect(() => read(A)).toThrow(/: locked by another process \(database is locked\); try again/)
    other.close()
  })

  function replace(path: string, make: (path: string) => void): void {
    rmSync(path, { recursive: true })
    make(path)
  }

  function alter(sql: string): void {
    const database = new DatabaseSync(file())
    database.exec(sql)
    database.close()
  }
})

function resultOf<T>(call: () => T): T | Error {
  try {
    return call()
  } catch (error) {
    return error as Error
  }
}

it('looks at each of many roots a few times, and not once for each path of the closure', () => {
  const database = createDatabase(location.database, 'wal')
  const paths = Array.from({ length: 500 }, (_, i) => storePathOf(`root-${i}`))
  registerPaths(database, Object.fromEntries(paths.map(path => [path, {}])))
  database.close()
  let looks = 0
  const roots = paths.map(path => {
    return new Proxy(parseStorePath(path), {
      get(target, field) {
        looks++
        return Reflect.get(target, field)
      },
    })
  })
  expect(readDatabase(location, roots)).toHaveLength(paths.length)
  expect(looks).toBeLessThan(10 * paths.length)
})
