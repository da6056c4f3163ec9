/**
 * Uses a folder while no descriptor is free, but for one that others give back a moment later, and prints what came of each use.
 *
 *     node descriptors-program.ts FOLDER
 */
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { openScratch, openStaging, ownThreadName, readIfThere, replaceFile, withLock } from '../../../src/disk/index.ts'
import { stateOfThread } from '../../../src/disk/thread-name.ts'

const [folder] = process.argv.slice(2)
const name = ownThreadName()
let held: number[] = []

function takeAll(): void {
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch {}
}

function giveBack(): void {
  for (const fd of held) closeSync(fd)
  held = []
}

async function use(what: string, call: () => Promise<unknown>): Promise<void> {
  takeAll()
  const timer = setTimeout(giveBack, 100)
  const said = await call().then(
    result => `${result}`,
    error => `${error}`,
  )
  clearTimeout(timer)
  giveBack()
  console.log(`${what}: ${said}`)
}

// Synchronous calls wait, too, and meanwhile nothing here gives anything back.
takeAll()
const state = (() => {
  try {
    return stateOfThread(name)
  } catch (error) {
    return (error as { code: string }).code
  }
})()
const again = ownThreadName() === name
giveBack()
console.log(`thread: ${state} ${again}`)

writeFileSync(join(folder, 'file'), 'there')
await use('read', () => readIfThere(join(folder, 'file')).then(String))
await use('replace', () => replaceFile(folder, 'file', 'new'))
await use('lock', () =>
  withLock(folder, () => readlink(join(folder, '.nspawn-rootfs.lock')).then(to => to === name), undefined),
)
await use('scratch', async () => {
  const scratch = await openScratch(folder)
  mkdirSync(join(scratch.folder, 'sub'))
  takeAll()
  setTimeout(giveBack, 100)
  await scratch.discard()
})
await use('staging', async () => {
  const staging = await openStaging(folder, ['image'])
  const file = await staging.create('image')
  await file.write(Buffer.from('image'))
  await file.close()
  takeAll()
  setTimeout(giveBack, 100)
  await staging.commit(['image'], [])
  await staging.discard()
})
