import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { openStaging } from '../../../src/disk/index.ts'
import { temporaryFolder, unprivilegedWhile } from '../../temporary.ts'

const synced = vi.hoisted(() => [] as string[])

vi.mock('../../../src/disk/sync.ts', async importOriginal => {
  const sync = await importOriginal<typeof import('../../../src/disk/sync.ts')>()
  return {
    ...sync,
    syncPath: async (path: string) => {
      await sync.syncPath(path)
      // Of scratch folders nothing is to stay.
      if (!path.includes('/.nspawn-rootfs-')) synced.push(join(path))
    },
  }
})

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
  synced.length = 0
})

async function writeInto(out: string): Promise<void> {
  const staging = await openStaging(out, ['file'])
  await (await staging.create('file')).close()
  await staging.commit(['file'], [])
  await staging.discard()
}

it('the names of new folders are durable before those of what is in them, and of no others', async () => {
  const out = join(folder, 'new/deep')
  await writeInto(out)
  expect(synced).toEqual([join(folder, 'new'), folder, out])
  synced.length = 0
  await writeInto(out)
  expect(synced).toEqual([out])
})

it('a new folder may be in one that its user may write and not read, which cannot be synced', async () => {
  chmodSync(folder, 0o733)
  const out = join(folder, 'new')
  await unprivilegedWhile(() => writeInto(out))
  expect(readdirSync(out)).toEqual(['file'])
})
