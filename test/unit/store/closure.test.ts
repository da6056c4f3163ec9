import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openClosure } from '../../../src/store/index.ts'
import { createChrootStore, storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { createDatabase, registerPaths } from './nix-database.ts'

const file = { contents: 'x' }

describe('openClosure', () => {
  it('orders paths and references, whatever the source', async () => {
    const store = createChrootStore(temporaryFolder())
    const names = ['c', 'a', 'd', 'b']
    const all = names.map(storePathOf)
    for (const name of names) store.add(name, file, [...all, ...all])
    const { closure } = await openClosure(store.source, [])
    expect(closure.paths.map(info => info.path.path)).toEqual(all.toSorted())
    for (const { references } of closure.paths) expect(references.map(r => r.path)).toEqual(all.toSorted())
  })

  it('is the same from the database of the store as from closureInfo', async () => {
    const store = createChrootStore(temporaryFolder())
    const b = store.add('b', file)
    const a = store.add('a', { children: {} }, [b, storePathOf('a')])
    const fromInfo = await openClosure(store.source, [a])
    const database = createDatabase(`${store.root}/nix/var/nix/db/db.sqlite`, 'wal')
    const infos = fromInfo.closure.paths.map(({ path, narSize, references }) => [
      path.path,
      { narSize, references: references.map(reference => reference.path) },
    ])
    registerPaths(database, Object.fromEntries(infos))
    // The hash is another, in this database; all else is the same.
    database.close()
    const { closure, roots } = await openClosure({ store: store.root }, [a])
    const withoutHash = (paths: typeof closure.paths) => paths.map(({ narHash: _, ...info }) => info)
    expect(roots).toEqual(fromInfo.roots)
    expect(withoutHash(closure.paths)).toEqual(withoutHash(fromInfo.closure.paths))
  })

  it('names a reference that is missing, and who refers to it', async () => {
    const store = createChrootStore(temporaryFolder())
    const [a, missing] = [store.add('a', file, [storePathOf('missing')]), storePathOf('missing')]
    await expect(openClosure(store.source, [])).rejects.toMatchObject({
      ...{ code: 'CLOSURE_INCOMPLETE', path: missing, message: expect.stringContaining(a) },
    })
  })

  it('names a store path whose files are missing', async () => {
    const store = createChrootStore(temporaryFolder())
    const a = store.add('a', file)
    rmSync(store.file(a))
    await expect(openClosure(store.source, [])).rejects.toMatchObject({ code: 'STORE_PATH_MISSING', path: a })
  })

  it('takes a store path that is a dangling symlink', async () => {
    const store = createChrootStore(temporaryFolder())
    store.add('a', { symlink: 'nowhere' })
    expect((await openClosure(store.source, [])).closure.paths).toHaveLength(1)
  })

  it('names a root that is not in the closure', async () => {
    const store = createChrootStore(temporaryFolder())
    store.add('a', file)
    await expect(openClosure(store.source, [storePathOf('b')])).rejects.toMatchObject({
      ...{ code: 'CLOSURE_INCOMPLETE', path: storePathOf('b') },
    })
  })
})
