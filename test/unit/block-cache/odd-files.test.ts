import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, it } from 'vitest'
import { ownThreadName } from '../../../src/disk/thread-name.ts'
import { openBlockCache } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
beforeEach(() => {
  folder = join(temporaryFolder(), 'cache')
})

const BYTES = Uint8Array.from({ length: 5000 }, (_, i) => i * 7)
const DAY = 24 * 60 * 60

/** Puts an entry, and moves its file away. */
async function entryMoved(key = 'block:a'): Promise<{ file: string; moved: string }> {
  await openBlockCache(folder).put(key, BYTES)
  const name = readdirSync(folder).find(name => /^(block|record)-/.test(name))!
  const moved = join(folder, '..', 'moved')
  renameSync(join(folder, name), moved)
  return { file: join(folder, name), moved }
}

describe('in place of the file of an entry', () => {
  const fifo = (file: string) => void spawnSync('mkfifo', [file])
  it.each<[string, (file: string, moved: string) => void]>([
    ['a fifo', fifo],
    ['a symlink to what was there', (file, moved) => symlinkSync(moved, file)],
    [
      'a symlink to a fifo',
      (file, moved) => {
        fifo(`${moved}.fifo`)
        symlinkSync(`${moved}.fifo`, file)
      },
    ],
    ['a symlink to a device', file => symlinkSync('/dev/zero', file)],
    ['a symlink to itself', file => symlinkSync(file, file)],
    ['an empty folder', file => mkdirSync(file)],
  ])('%s is not taken, and removed', async (_, plant) => {
    const { file, moved } = await entryMoved()
    plant(file, moved)
    const cache = openBlockCache(folder)
    expect(await cache.get('block:a')).toBeUndefined()
    expect(await cache.stats()).toEqual({ size: 0, batches: 0, blocks: 0, leftOvers: 1 })
    await cache.prune()
    expect(readdirSync(folder)).toEqual([])
    expect(statSync(moved).size).toBeGreaterThan(5000)
    expect(await cache.put('block:a', BYTES)).toBe(true)
    expect(await cache.get('block:a')).toEqual(BYTES)
  })

  it.each<[string, (file: string, moved: string) => void]>([
    ['a fifo', fifo],
    ['a symlink', (file, moved) => symlinkSync(moved, file)],
  ])('%s is replaced by what is put', async (_, plant) => {
    const { file, moved } = await entryMoved()
    const before = readFileSync(moved)
    plant(file, moved)
    const cache = openBlockCache(folder)
    expect(await cache.put('block:a', BYTES.slice(9))).toBe(true)
    expect(await cache.get('block:a')).toEqual(BYTES.slice(9))
    expect(readFileSync(moved).equals(before)).toBe(true)
  })

  it.each([
    ['a fifo', fifo],
    ['a folder', (file: string) => mkdirSync(file)],
  ])('%s as a record stops neither stats nor pruning', async (_, plant) => {
    const { file } = await entryMoved('batch:a')
    const cache = openBlockCache(folder)
    await cache.put('block:b', BYTES)
    plant(file)
    expect(await cache.stats()).toMatchObject({ batches: 0, blocks: 1, leftOvers: 1 })
    expect(await cache.prune({ maxSize: 0 })).toBeGreaterThan(5000)
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([0o602, 0o666])('a file that others may write (%o) is not taken, but in a shared cache', async mode => {
    const { file, moved } = await entryMoved()
    renameSync(moved, file)
    chmodSync(file, mode)
    const cache = openBlockCache(folder)
    expect(await cache.get('block:a')).toBeUndefined()
    expect(await openBlockCache(folder, { shared: true }).get('block:a')).toEqual(BYTES)
    expect(await cache.stats()).toMatchObject({ blocks: 0, leftOvers: 1 })
    expect(await cache.put('block:a', BYTES)).toBe(true)
    expect(await cache.get('block:a')).toEqual(BYTES)
  })

  it('the file of another entry is not taken', async () => {
    const { file, moved } = await entryMoved()
    const cache = openBlockCache(folder)
    await cache.put('block:b', BYTES)
    const [other] = readdirSync(folder)
    renameSync(moved, join(folder, other!))
    expect(await cache.get('block:b')).toBeUndefined()
    expect(await cache.get('block:a')).toBeUndefined()
    renameSync(join(folder, other!), file)
    expect(await cache.get('block:a')).toEqual(BYTES)
  })

  it('a folder with something in it keeps the entry out, and is left alone', async () => {
    const { file } = await entryMoved()
    mkdirSync(join(file, 'mine'), { recursive: true })
    const cache = openBlockCache(folder)
    await expect(cache.put('block:a', BYTES)).rejects.toThrow('cannot be written: it is a folder')
    await cache.prune({ maxSize: 0 })
    await cache.clear()
    expect(readdirSync(folder, { recursive: true })).toHaveLength(2)
  })

  it('a file without an end is not read', async () => {
    const { file } = await entryMoved()
    writeFileSync(file, '')
    spawnSync('truncate', ['-s', '1T', file])
    expect(await openBlockCache(folder).get('block:a')).toBeUndefined()
  })
})

describe('a folder that is none', () => {
  it.each<[string, () => void]>([
    ['a fifo', () => void spawnSync('mkfifo', [folder])],
    ['a file', () => writeFileSync(folder, '')],
    ['a symlink to nothing', () => symlinkSync('nothing', folder)],
    ['a symlink to itself', () => symlinkSync('cache', folder)],
  ])('holds nothing: %s', async (_, plant) => {
    plant()
    const cache = openBlockCache(folder)
    expect(await cache.get('a')).toBeUndefined()
    await expect(cache.put('a', BYTES)).rejects.toMatchObject({
      code: 'FOLDER_UNWRITABLE',
      path: folder,
      message: expect.stringMatching(/: (is in the way and not a folder|cannot be written)/),
    })
  })
})

describe('what is made', () => {
  it.each([0o000, 0o022, 0o777])('is for its user alone, with the umask %o', umask => {
    const program = `
      import { openBlockCache } from ${JSON.stringify(fileURLToPath(new URL('../../../src/index.ts', import.meta.url)))}
      process.umask(${umask})
      if (!(await openBlockCache(${JSON.stringify(join(folder, 'deep'))}).put('a', new Uint8Array(9)))) throw new Error('put')
    `
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    expect(stderr).toBe('')
    const [name] = readdirSync(join(folder, 'deep'))
    const modes = [folder, join(folder, 'deep'), join(folder, 'deep', name!)].map(path => statSync(path).mode & 0o777)
    expect(modes).toEqual([0o700, 0o700, 0o600])
  })
})

describe('a file of a writer', () => {
  /** Plants the file that a thread of this name would be writing. */
  function plant(thread: string): string {
    const name = `.writing-${thread}-00`
    writeFileSync(join(folder, name), BYTES)
    return name
  }

  it('that was killed is counted, and removed by pruning and by builds', async () => {
    const killed = await nameOfEnded()
    const cache = openBlockCache(folder)
    await cache.put('block:a', BYTES)
    plant(killed)
    expect(await cache.stats()).toMatchObject({ blocks: 1, leftOvers: 1 })
    expect(await cache.prune()).toBe(5000)
    expect(await cache.stats()).toMatchObject({ blocks: 1, leftOvers: 0 })
    plant(killed)
    await openBlockCache(folder).put('block:b', BYTES)
    expect(await cache.stats()).toMatchObject({ blocks: 2, leftOvers: 0 })
  })

  it('that is running is not, by nothing', async () => {
    const cache = openBlockCache(folder)
    await cache.put('block:a', BYTES)
    const name = plant(ownThreadName())
    utimesSync(join(folder, name), 0, 0)
    expect(await cache.stats()).toMatchObject({ leftOvers: 0 })
    await cache.prune({ maxSize: 0 })
    await cache.clear()
    expect(readdirSync(folder)).toEqual([name])
  })

  it('that is killed at some moment leaves entries that are whole, and nothing else once pruned', async () => {
    const index = fileURLToPath(new URL('../../../src/index.ts', import.meta.url))
    const program = `
      import { openBlockCache } from ${JSON.stringify(index)}
      const cache = openBlockCache(${JSON.stringify(folder)})
      const bytes = new Uint8Array(20e6)
      for (let i = 0; ; i++) await cache.put('block:' + i % 3, bytes.fill(i % 3))
    `
    const cache = openBlockCache(folder)
    let seen = 0
    for (let i = 0; i < 3; i++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program])
      const ended = new Promise(resolve => child.once('exit', resolve))
      const isWriting = () => existsSync(folder) && readdirSync(folder).some(name => name.startsWith('.writing-'))
      while (!isWriting()) await new Promise(resolve => setTimeout(resolve, 1))
      expect(await cache.stats()).toMatchObject({ leftOvers: 0 })
      child.kill('SIGKILL')
      await ended
      seen += (await cache.stats()).leftOvers
      await cache.prune()
      expect(readdirSync(folder).filter(name => !name.startsWith('block-'))).toEqual([])
      for (const number of [0, 1, 2]) {
        const bytes = await cache.get(`block:${number}`)
        if (bytes) expect(Buffer.compare(bytes, new Uint8Array(20e6).fill(number))).toBe(0)
      }
    }
    expect(seen).toBeGreaterThan(0)
  })

  it('that cannot be asked is removed a day later', async () => {
    const cache = openBlockCache(folder)
    await cache.put('block:a', BYTES)
    const name = plant('1-2-3')
    expect(await cache.stats()).toMatchObject({ leftOvers: 0 })
    const before = Date.now() / 1000 - DAY - 9
    utimesSync(join(folder, name), before, before)
    expect(await cache.stats()).toMatchObject({ leftOvers: 1 })
  })

  /** The name of the thread of a process that was killed. */
  async function nameOfEnded(): Promise<string> {
    const threadName = fileURLToPath(new URL('../../../src/disk/thread-name.ts', import.meta.url))
    const program = `import { ownThreadName } from ${JSON.stringify(threadName)}; console.log(ownThreadName()); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    const name = await new Promise<string>(resolve => child.stdout.once('data', data => resolve(`${data}`.trim())))
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    return name
  }
})
