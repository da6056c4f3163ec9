/**
 * The database of a Nix store, schema 10 (nix: src/libstore/schema.sql):
 *
 *     ValidPaths  id, path, hash ("sha256:" base 16), narSize, deriver, ...
 *     Refs        referrer, reference: ids of ValidPaths
 */
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { withDescriptorSync } from '../descriptors.ts'
import { type PathInfo, parseNarHash, parseStorePath, type StorePath } from '../nix/index.ts'
import { unreadable } from './database-error.ts'
import { StoreError } from './errors.ts'
import type { StoreLocation } from './location.ts'

const CLOSURE = `WITH RECURSIVE closure(id) AS (
  SELECT id FROM ValidPaths WHERE path IN (SELECT value FROM json_each(?))
  UNION SELECT reference FROM Refs JOIN closure ON Refs.referrer = closure.id)`
const PATHS = `${CLOSURE} SELECT path, hash, narSize FROM ValidPaths JOIN closure USING (id)`
const REFERENCES = `${CLOSURE} SELECT a.path AS path, b.path AS reference FROM Refs
  JOIN closure ON Refs.referrer = closure.id
  JOIN ValidPaths a ON a.id = Refs.referrer JOIN ValidPaths b ON b.id = Refs.reference`

/** Milliseconds to wait for somebody who writes. */
const BUSY_TIMEOUT = 5000

interface PathRow {
  path: string
  hash: string
  narSize: number | null
}

/**
 * Reads the closure of `roots` from a store's database, and writes nothing: not even the files that SQLite puts beside
 * a database in WAL mode when it opens it. Throws `StoreError`.
 */
export function readDatabase(location: StoreLocation, roots: readonly StorePath[]): PathInfo[] {
  const file = location.database
  try {
    return readSettled(location, roots) ?? readInUse(location, roots) ?? readCopy(location, roots)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw unreadable(file, error)
  }
}

/**
 * A database in WAL mode whose log is empty is all in its file, and nobody writes there without the log: SQLite may take
 * it as immutable, without lock, new file, or a right to the folder. `undefined` if it is not so, or does not stay so.
 */
function readSettled(location: StoreLocation, roots: readonly StorePath[]): PathInfo[] | undefined {
  const before = stateOf(location.database)
  if (!before.settled) return undefined
  let outcome: PathInfo[] | Error
  try {
    outcome = query(openImmutable(location.database), location, roots)
  } catch (error) {
    outcome = error as Error
  }
  const after = stateOf(location.database)
  if (!after.settled || after.modified !== before.modified) return undefined
  if (outcome instanceof Error) throw outcome
  return outcome
}

/** Reads among others who read and write, with SQLite's locks. `undefined` if that would take new files or more rights. */
function readInUse(location: StoreLocation, roots: readonly StorePath[]): PathInfo[] | undefined {
  const file = location.database
  if (isWal(file) && !existsSync(`${file}-shm`)) return undefined
  try {
    return query(new DatabaseSync(file, { readOnly: true }), location, roots)
  } catch (error) {
    if (error instanceof StoreError || !isWal(file)) throw error
    return undefined
  }
}

/** Reads a copy, in which SQLite may put what it needs: a log that was left, or that only its owner may share. */
function readCopy(location: StoreLocation, roots: readonly StorePath[]): PathInfo[] {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-'))
  try {
    const database = join(folder, 'db.sqlite')
    // The log first: what a checkpoint moves from it into the file meanwhile is then there twice, and not missing.
    copyFileSync(`${location.database}-wal`, `${database}-wal`)
    copyFileSync(location.database, database)
    return query(new DatabaseSync(database), location, roots)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function openImmutable(file: string): DatabaseSync {
  const url = pathToFileURL(file)
  url.search = 'immutable=1'
  return new DatabaseSync(url, { readOnly: true })
}

/** The versions that write and read a file in WAL mode (SQLite file format, header bytes 18 and 19). */
const WAL_MODE = Buffer.of(2, 2)

function isWal(file: string): boolean {
  const versions = Buffer.alloc(2)
  const fd = withDescriptorSync(() => openSync(file, 'r'))
  try {
    readSync(fd, versions, 0, 2, 18)
  } finally {
    closeSync(fd)
  }
  return versions.equals(WAL_MODE)
}

function stateOf(file: string): { modified: bigint; settled: boolean } {
  const { mtimeNs } = statSync(file, { bigint: true })
  const pending = ['-wal', '-journal'].some(suffix => statSync(`${file}${suffix}`, { throwIfNoEntry: false })?.size)
  return { modified: mtimeNs, settled: !pending && isWal(file) }
}

function query(database: DatabaseSync, { storeDir, database: file }: StoreLocation, roots: readonly StorePath[]) {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}; BEGIN`)
    const wanted = JSON.stringify(roots.map(root => root.path))
    const rows = database.prepare(PATHS).all(wanted) as unknown as PathRow[]
    const valid = new Set(rows.map(row => row.path))
    const missing = roots.find(root => !valid.has(root.path))
    if (missing) {
      const message = `${missing.path}: not a valid path of the store whose database is ${file}; build or copy it first`
      throw new StoreError('CLOSURE_INCOMPLETE', missing.path, message)
    }
    const references = new Map<string, StorePath[]>(rows.map(row => [row.path, []]))
    for (const row of database.prepare(REFERENCES).iterate(wanted) as Iterable<{ path: string; reference: string }>) {
      references.get(row.path)!.push(parseStorePath(row.reference, storeDir))
    }
    return rows.map(
      (row): PathInfo => ({
        path: parseStorePath(row.path, storeDir),
        narHash: parseNarHash(row.hash),
        narSize: narSizeOf(row, file),
        references: references.get(row.path)!,
      }),
    )
  } finally {
    database.close()
  }
}

function narSizeOf({ path, narSize }: PathRow, file: string): number {
  if (narSize !== null && Number.isSafeInteger(narSize) && narSize > 0) return narSize
  const message = `${path}: ${file} knows no NAR size for it; register the path again (nix-store --register-validity)`
  throw new StoreError('STORE_UNREADABLE', path, message)
}
