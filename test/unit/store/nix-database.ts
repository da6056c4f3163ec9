import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Registered } from '../../chroot-store.ts'

/** The tables of a Nix database, schema 10 (nix: src/libstore/schema.sql), as far as a closure needs them. */
const SCHEMA = `
  create table ValidPaths (id integer primary key autoincrement not null, path text unique not null, hash text not null,
    registrationTime integer not null, deriver text, narSize integer, ultimate integer, sigs text, ca text);
  create table Refs (referrer integer not null, reference integer not null, primary key (referrer, reference),
    foreign key (referrer) references ValidPaths(id) on delete cascade,
    foreign key (reference) references ValidPaths(id) on delete restrict);
  create index IndexReferrer on Refs(referrer);
  create index IndexReference on Refs(reference);`

/** Creates the database of a store, and leaves it open: Nix itself uses WAL unless told otherwise. */
export function createDatabase(file: string, journalMode: 'wal' | 'truncate'): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true })
  const database = new DatabaseSync(file)
  database.exec(`pragma journal_mode = ${journalMode}`)
  database.exec(SCHEMA)
  return database
}

/** Registers store paths; all references are among them, or were registered before. */
export function registerPaths(database: DatabaseSync, paths: Record<string, Partial<Registered>>): void {
  const addPath = database.prepare('insert into ValidPaths (path, hash, registrationTime, narSize) values (?, ?, 1, ?)')
  const addReference = database.prepare(
    'insert into Refs select a.id, b.id from ValidPaths a, ValidPaths b where a.path = ? and b.path = ?',
  )
  for (const [path, { narHash = 'ab'.repeat(32), narSize = 7 }] of Object.entries(paths)) {
    addPath.run(path, `sha256:${narHash}`, narSize)
  }
  for (const [path, { references = [] }] of Object.entries(paths)) {
    for (const reference of references) addReference.run(path, reference)
  }
}
