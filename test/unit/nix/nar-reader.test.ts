import { describe, expect, it } from 'vitest'
import { createNarReader, NAR_MAX_DEPTH } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import { createEmbeddedNarReader } from '../../../src/nix/nar-reader.ts'
import { eventsOfNar, narOfTree } from './nar-support.ts'

const MAGIC = 'nix-archive-1'
const FILE = ['(', 'type', 'regular', 'contents', '', ')']
const entry = (name: string, node: string[] = FILE) => ['entry', '(', 'name', name, 'node', ...node, ')']
const directory = (...entries: string[][]) => ['(', 'type', 'directory', ...entries.flat(), ')']
const read = (...strings: string[]) => eventsOfNar(encodeNarStrings(...strings))
const root = (...entries: string[][]) => read(MAGIC, ...directory(...entries))

function nested(levels: number): string[] {
  let node = FILE
  for (let i = 0; i < levels; i++) node = directory(entry('d', node))
  return node
}

/** The NAR up to the length of its last string, that length, and nothing behind it. */
function withLength(length: bigint, ...strings: string[]): Uint8Array {
  const head = encodeNarStrings(...strings)
  const bytes = new Uint8Array(head.length + 8)
  bytes.set(head)
  new DataView(bytes.buffer).setBigUint64(head.length, length, true)
  return bytes
}

describe('createNarReader', () => {
  it('reads a file at the root', () => {
    expect(read(MAGIC, '(', 'type', 'regular', 'executable', '', 'contents', 'hi', ')')).toEqual([
      { type: 'regular', executable: true, size: 2 },
      { type: 'data', bytes: Uint8Array.of(104, 105) },
      { type: 'end-regular' },
    ])
  })

  it('forgets the executable mark behind its file', () => {
    const tool = ['(', 'type', 'regular', 'executable', '', 'contents', '', ')']
    const marks = root(entry('a', tool), entry('b')).flatMap(e => (e.type === 'regular' ? [e.executable] : []))
    expect(marks).toEqual([true, false])
  })

  it('gives file data as pieces of the chunk itself', () => {
    const nar = narOfTree({ contents: 'x'.repeat(100) })
    for (const event of createNarReader().push(nar)) {
      if (event.type === 'data') expect(event.bytes.buffer).toBe(nar.buffer)
    }
  })

  it.each([
    ['an empty name', ''],
    ['"."', '.'],
    ['".."', '..'],
    ['a slash', 'a/b'],
    ['a NUL', 'a\0b'],
    ['256 bytes', 'x'.repeat(256)],
  ])('refuses a name that is or holds %s', (_, name) => {
    expect(() => root(entry(name))).toThrow(expect.objectContaining({ code: 'NAR_INVALID', path: '' }))
  })

  it('takes names of 255 bytes, of dots, and bytes that are not UTF-8', () => {
    expect(root(entry('...'), entry('..a'), entry('x'.repeat(255)), entry('\xff'))).toHaveLength(2 + 4 * 4)
  })

  it('refuses names that do not rise', () => {
    expect(() => root(entry('b'), entry('a'))).toThrow(/"a" follows "b"/)
    expect(() => root(entry('a'), entry('a'))).toThrow(/"a" follows "a"/)
    expect(() => root(entry('\xff'), entry('z'))).toThrow(/rise bytewise/)
  })

  it('compares names within their directory only', () => {
    expect(() => root(entry('b', directory(entry('z'))), entry('c', directory(entry('a'))))).not.toThrow()
    expect(() => root(entry('b', directory(entry('z'))), entry('a'))).toThrow(/"a" follows "b"/)
  })

  it('refuses targets that are empty, hold NUL, or have over 4,095 bytes', () => {
    const link = (target: string) => read(MAGIC, '(', 'type', 'symlink', 'target', target, ')')
    expect(link('x'.repeat(4095))).toHaveLength(1)
    for (const target of ['', 'a\0', 'x'.repeat(4096)]) expect(() => link(target)).toThrow(/target/)
  })

  it('refuses a depth of 64', () => {
    expect(read(MAGIC, ...nested(NAR_MAX_DEPTH - 1))).toHaveLength(3 * (NAR_MAX_DEPTH - 1) + 3)
    expect(() => read(MAGIC, ...nested(NAR_MAX_DEPTH))).toThrow(/nested/)
  })

  it('refuses an executable mark with a value, unknown types, and files without contents', () => {
    expect(() => read(MAGIC, '(', 'type', 'regular', 'executable', 'x', 'contents', '', ')')).toThrow(/NAR/)
    expect(() => read(MAGIC, '(', 'type', 'fifo', ')')).toThrow(/"fifo" in place of "regular" or "directory"/)
    expect(() => read(MAGIC, '(', 'type', 'regular', ')')).toThrow(/"contents"/)
    expect(() => read('nix-archive-2', ...FILE)).toThrow(/"nix-archive-1"/)
  })

  it('refuses bytes behind the end, also in a later chunk', () => {
    const nar = encodeNarStrings(MAGIC, ...FILE)
    expect(() => eventsOfNar(new Uint8Array([...nar, 0]))).toThrow(/follow its end/)
    expect(() => eventsOfNar(new Uint8Array([...nar, 0]), [nar.length])).toThrow(
      expect.objectContaining({ offset: nar.length }),
    )
  })

  it('refuses lengths at once, before any byte behind them', () => {
    const dir = [MAGIC, '(', 'type', 'directory', 'entry', '(', 'name']
    for (const nar of [
      withLength(14n),
      withLength(2n ** 63n),
      withLength(256n, ...dir),
      withLength(4096n, MAGIC, '(', 'type', 'symlink', 'target'),
      withLength(2n ** 53n, MAGIC, '(', 'type', 'regular', 'contents'),
      withLength(1n, MAGIC, '(', 'type', 'regular', 'executable'),
    ]) {
      expect(() => [...createNarReader().push(nar)]).toThrow(
        expect.objectContaining({ code: 'NAR_INVALID', offset: nar.length - 8 }),
      )
    }
  })

  it('announces a huge file without waiting for it', () => {
    const nar = withLength(2n ** 53n - 1n, MAGIC, '(', 'type', 'regular', 'contents')
    expect([...createNarReader().push(nar)]).toEqual([{ type: 'regular', executable: false, size: 2 ** 53 - 1 }])
  })

  it('says where: the byte offset and the path', () => {
    const strings = [MAGIC, '(', 'type', 'directory', 'entry', '(', 'name', 'lib', 'node', '(', 'type']
    const nar = encodeNarStrings(...strings, 'socket')
    expect(() => eventsOfNar(nar)).toThrow(
      expect.objectContaining({ code: 'NAR_INVALID', offset: encodeNarStrings(...strings).length, path: 'lib' }),
    )
  })

  it('throws its error again, and says so if events were left', () => {
    const broken = createNarReader()
    const noise = new Uint8Array(8).fill(255)
    expect(() => [...broken.push(noise)]).toThrow(/NAR/)
    expect(() => broken.push(noise)).toThrow(/NAR/)
    expect(() => broken.end()).toThrow(/NAR/)

    const left = createNarReader()
    for (const _ of left.push(encodeNarStrings(MAGIC, ...directory(entry('a'))))) break
    expect(() => left.push(new Uint8Array(1))).toThrow(TypeError)
    expect(() => left.end()).toThrow(TypeError)
  })
})

describe('createEmbeddedNarReader', () => {
  const nar = encodeNarStrings(MAGIC, ...FILE)
  const behind = Uint8Array.of(1, 0, 2)
  const bytes = new Uint8Array([...nar, ...behind])
  const eventsOf = (...chunks: Uint8Array[]) => {
    const reader = createEmbeddedNarReader()
    return { events: chunks.flatMap(chunk => [...reader.push(chunk)]), reader }
  }

  it('stops at the end, and gives what follows without taking it', () => {
    const { events, reader } = eventsOf(bytes)
    expect(events).toEqual(eventsOfNar(nar).filter(event => event.type !== 'data'))
    expect(reader.rest()).toEqual(behind)
    expect(reader.rest()?.buffer).toBe(bytes.buffer)
    reader.end()
  })

  it('finds the end wherever the chunks end', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { events, reader } = eventsOf(bytes.subarray(0, cut))
      expect(reader.rest()).toEqual(cut < nar.length ? undefined : bytes.subarray(nar.length, cut))
      const more = [...reader.push(bytes.subarray(cut))]
      expect([...events, ...more]).toEqual(eventsOf(bytes).events)
      expect(reader.rest()).toEqual(bytes.subarray(Math.max(cut, nar.length)))
    }
  })

  it('refuses what the other reader does', () => {
    expect(() => eventsOf(bytes.subarray(1))).toThrow(expect.objectContaining({ code: 'NAR_INVALID' }))
    const { reader } = eventsOf(bytes.subarray(0, nar.length - 1))
    expect(() => reader.end()).toThrow(expect.objectContaining({ code: 'NAR_TRUNCATED', offset: nar.length - 1 }))
    expect(() => reader.rest()).toThrow(expect.objectContaining({ code: 'NAR_TRUNCATED' }))
  })
})
