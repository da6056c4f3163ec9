import { chmodSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { pinFolder } from '../../../src/disk/pin.ts'
import { emptyFolder } from '../../../src/disk/remove-tree.ts'
import { temporaryFolder, unprivilegedWhile } from '../../temporary.ts'

const COUNT = 2000

/** A folder with many files of the same names each time. */
function fillFolder(path: string): string {
  mkdirSync(path)
  for (let i = 0; i < COUNT; i++) writeFileSync(join(path, `file-${i}`), '')
  return path
}

async function emptied(folder: string): Promise<unknown> {
  const pin = await pinFolder(folder)
  try {
    return await emptyFolder(pin, 'last').catch((error: unknown) => error)
  } finally {
    await pin.close()
  }
}

describe('emptyFolder', () => {
  it('removes folders in folders, links and files', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'a/b/c'), { recursive: true })
    for (const name of ['last', 'a/b/c/file']) writeFileSync(join(folder, name), '')
    symlinkSync('a', join(folder, 'link'))
    writeFileSync(Buffer.from(join(folder, 'not-utf8-\xff'), 'latin1'), '')
    expect(await emptied(folder)).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
  })

  it('removes folders that their owner may not write, or read', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o777)
    await unprivilegedWhile(async () => {
      for (const mode of [0o555, 0o311, 0]) {
        mkdirSync(join(folder, `${mode}/inside`), { recursive: true })
        writeFileSync(join(folder, `${mode}/inside/file`), '')
        for (const path of [`${mode}/inside`, `${mode}`]) chmodSync(join(folder, path), mode)
      }
    })
    expect(await unprivilegedWhile(() => emptied(folder))).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
  })

  it('removes nothing elsewhere if a link takes the place of a folder that it is in', async () => {
    const precious = fillFolder(join(temporaryFolder(), 'precious'))
    const folder = temporaryFolder()
    const inside = fillFolder(join(folder, 'inside'))
    const swap = async () => {
      while (readdirSync(inside).length === COUNT) await setImmediate()
      renameSync(inside, join(folder, 'aside'))
      symlinkSync(precious, inside)
      return readdirSync(join(folder, 'aside')).length
    }
    const [error, leftAtSwap] = await Promise.all([emptied(folder), swap()])
    // It was in the middle of that folder, or this shows nothing.
    expect(leftAtSwap).toBeGreaterThan(COUNT / 10)
    expect(leftAtSwap).toBeLessThan(COUNT)
    expect(readdirSync(precious)).toHaveLength(COUNT)
    expect(error).toMatchObject({ code: 'ENOTDIR' })
  })
})
