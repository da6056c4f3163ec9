import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { decodeByteString, encodeText } from '../../../src/bytes/index.ts'
import { readContents } from '../../../src/store/index.ts'
import { makeTree } from '../../make-tree.ts'
import { temporaryFolder, unprivileged } from '../../temporary.ts'
import { createRecordingSink } from './recording-sink.ts'

let folder = ''
let path = ''
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder, 'path')
})

const contentsOf = (roomSize?: number) => {
  const { sink, calls } = createRecordingSink(roomSize)
  readContents(encodeText(path), sink)
  return calls
}

describe('readContents', () => {
  it('reads a tree in the order of a NAR', () => {
    const child = { contents: '' }
    makeTree(Buffer.from(path), {
      children: {
        'a.b': child,
        a: { children: { c: { symlink: '\xff' } } },
        'a-b': child,
        '\xff\xfe': child,
        B: child,
      },
    })
    const file = ['regular', false, 0]
    expect(contentsOf()).toEqual([
      ...['directory', ['entry', 'B'], file, ['entry', 'a'], 'directory', ['entry', 'c'], ['symlink', '\xff']],
      ...['endDirectory', ['entry', 'a-b'], file, ['entry', 'a.b'], file, ['entry', '\xff\xfe'], file, 'endDirectory'],
    ])
  })

  it.each([1, 2, 5, 6, 7, 100])('reads a file into rooms of %d bytes', roomSize => {
    writeFileSync(path, '123456')
    const [head, ...data] = contentsOf(roomSize) as string[][]
    expect(head).toEqual(['regular', false, 6])
    expect(data.map(([, bytes]) => bytes).join('')).toBe('123456')
    expect(data.every(([, bytes]) => bytes!.length <= roomSize)).toBe(true)
  })

  it.each([
    [0o444, false],
    [0o100, true],
    [0o755, true],
    [0o655, false],
    [0o011, false],
  ])('takes mode %o as executable: %s', (mode, executable) => {
    writeFileSync(path, '')
    chmodSync(path, mode)
    expect(contentsOf()).toEqual([['regular', executable, 0]])
  })

  it('reads a single symlink, whether or not it leads somewhere', () => {
    makeTree(Buffer.from(path), { symlink: 'nowhere/at all' })
    expect(contentsOf()).toEqual([['symlink', 'nowhere/at all']])
  })

  it('finds a path whose own name is not ASCII', () => {
    const odd = Buffer.from(join(folder, 'ä\u{1f600}'))
    makeTree(odd, { children: { ä: { contents: 'x' } } as Record<string, { contents: string }> })
    const { sink, calls } = createRecordingSink()
    readContents(decodeByteString(odd), sink)
    expect(calls).toContainEqual(['entry', '\xe4'])
  })

  it('refuses a FIFO, without waiting for who writes to it', () => {
    mkdirSync(path)
    execFileSync('mkfifo', [join(path, 'pipe')])
    expect(() => contentsOf()).toThrow(
      expect.objectContaining({ code: 'FILE_TYPE_UNSUPPORTED', path: join(path, 'pipe') }),
    )
  })

  it('refuses a socket', async () => {
    const server = createServer().listen(path)
    await new Promise(resolve => server.once('listening', resolve))
    expect(() => contentsOf()).toThrow(expect.objectContaining({ code: 'FILE_TYPE_UNSUPPORTED', path }))
    await new Promise(resolve => server.close(resolve))
  })

  it('says what is missing', () => {
    expect(() => contentsOf()).toThrow(expect.objectContaining({ code: 'STORE_PATH_MISSING', path }))
  })

  it.each(['file', 'folder'])('says what it may not read: a %s', kind => {
    makeTree(Buffer.from(path), { children: { it: kind === 'file' ? { contents: 'x' } : { children: {} } } })
    for (const place of [folder, path]) chmodSync(place, 0o755)
    chmodSync(join(path, 'it'), 0)
    expect(() => unprivileged(() => contentsOf())).toThrow(
      expect.objectContaining({
        ...{ code: 'STORE_PATH_UNREADABLE', path: join(path, 'it') },
        message: expect.stringMatching(/permission denied/),
      }),
    )
  })
})

describe('a file that changes while it is read', () => {
  // Sizes around the room, where asking for one byte more than is due is possible, and where it is not.
  it.each([
    [1, 4],
    [3, 4],
    [4, 4],
    [5, 4],
    [8, 4],
    [9, 4],
    [100, 1],
  ])('is refused when its %d bytes grow (rooms of %d)', (size, roomSize) => {
    writeFileSync(path, 'x'.repeat(size))
    let asked = 0
    const { sink } = createRecordingSink(roomSize, () => {
      if (asked++ === 0) appendFileSync(path, 'y')
    })
    expect(() => readContents(encodeText(path), sink)).toThrow(
      expect.objectContaining({ code: 'STORE_PATH_CHANGED', path }),
    )
  })

  it.each([
    [1, 4],
    [4, 4],
    [9, 4],
  ])('is refused when its %d bytes shrink (rooms of %d)', (size, roomSize) => {
    writeFileSync(path, 'x'.repeat(size))
    let asked = 0
    const { sink } = createRecordingSink(roomSize, () => {
      if (++asked === Math.ceil(size / roomSize)) truncateSync(path, size - 1)
    })
    expect(() => readContents(encodeText(path), sink)).toThrow(
      expect.objectContaining({ code: 'STORE_PATH_CHANGED', path }),
    )
  })
})
