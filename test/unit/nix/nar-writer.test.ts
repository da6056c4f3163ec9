import { describe, expect, it } from 'vitest'
import { type ByteString, byteString } from '../../../src/bytes/index.ts'
import { createNarWriter, NAR_MAX_DEPTH, type NarWriter } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import { latin1 } from '../../latin1.ts'
import { eventsOfNar, narOfTree } from './nar-support.ts'

const MAGIC = 'nix-archive-1'

describe('createNarWriter', () => {
  it('writes the three kinds of node', () => {
    expect(narOfTree({ symlink: 'to' })).toEqual(encodeNarStrings(MAGIC, '(', 'type', 'symlink', 'target', 'to', ')'))
    expect(narOfTree({ contents: 'x', executable: true })).toEqual(
      encodeNarStrings(MAGIC, '(', 'type', 'regular', 'executable', '', 'contents', 'x', ')'),
    )
    expect(narOfTree({ children: {} })).toEqual(encodeNarStrings(MAGIC, '(', 'type', 'directory', ')'))
  })

  it('writes entries and closes them', () => {
    const file = ['(', 'type', 'regular', 'contents', '12345678', ')']
    expect(narOfTree({ children: { d: { children: { f: { contents: '12345678' } } } } })).toEqual(
      encodeNarStrings(
        ...[MAGIC, '(', 'type', 'directory', 'entry', '(', 'name', 'd', 'node', '(', 'type', 'directory'],
        ...['entry', '(', 'name', 'f', 'node', ...file, ')', ')', ')', ')'],
      ),
    )
  })

  it('emits file data as the very bytes given', () => {
    const emitted: Uint8Array[] = []
    const data = Uint8Array.of(1, 2, 3)
    const writer = createNarWriter(bytes => emitted.push(bytes))
    writer.regular(false, 6)
    writer.data(data)
    writer.data(data)
    writer.end()
    expect(emitted.filter(bytes => bytes === data)).toHaveLength(2)
  })

  it('gathers framing, and keeps it right across many buffers', () => {
    const names = Array.from({ length: 5000 }, (_, i) => latin1(String(i).padStart(200, '0')))
    const pieces: Uint8Array[] = []
    const writer = createNarWriter(bytes => pieces.push(bytes.slice()))
    writer.directory()
    for (const name of names) {
      writer.entry(name)
      if (name.endsWith('7')) writer.symlink(latin1('t'.repeat(4095)))
      else writer.regular(true, 0)
    }
    writer.endDirectory()
    writer.end()
    expect(pieces.length).toBeLessThan(100)
    const events = eventsOfNar(new Uint8Array(Buffer.concat(pieces)))
    expect(events.flatMap(event => (event.type === 'entry' ? [event.name] : []))).toEqual(names)
  })

  it.each<[string, RegExp, (writer: NarWriter) => void]>([
    ['an end before a node', /no place/, w => w.end()],
    ['an entry at the root', /no place/, w => w.entry(byteString`a`)],
    ['a second root', /no place/, w => [w.symlink(byteString`a`), w.symlink(byteString`a`)]],
    ['a second end', /no place/, w => [w.symlink(byteString`a`), w.end(), w.end()]],
    ['an entry without a node', /no place/, w => [w.directory(), w.entry(byteString`a`), w.endDirectory()]],
    ['a node without an entry', /no place/, w => [w.directory(), w.symlink(byteString`a`)]],
    ['a directory left open', /no place/, w => [w.directory(), w.end()]],
    ['a file that is too short', /lacks 1 bytes/, w => [w.regular(false, 2), w.data(new Uint8Array(1)), w.end()]],
    ['a file that is too long', /1 bytes more/, w => [w.regular(false, 2), w.data(new Uint8Array(3))]],
    ['data of no file', /no place/, w => [w.regular(false, 0), w.data(new Uint8Array(1))]],
    ['a size that is negative', /whole number/, w => w.regular(false, -1)],
    ['a size of 2^53', /whole number/, w => w.regular(false, 2 ** 53)],
    ['a name with a slash', /"\/"/, w => [w.directory(), w.entry(byteString`a/b`)]],
    ['a name that is text', /byte string/, w => [w.directory(), w.entry('\u20ac' as ByteString)]],
    ['a name of 256 bytes', /255/, w => [w.directory(), w.entry(latin1('x'.repeat(256)))]],
    [
      'a name twice',
      /follows/,
      w => [w.directory(), w.entry(byteString`a`), w.symlink(byteString`x`), w.entry(byteString`a`)],
    ],
    [
      'names that fall',
      /follows/,
      w => [w.directory(), w.entry(latin1('\xff')), w.symlink(byteString`x`), w.entry(byteString`z`)],
    ],
    ['an empty target', /not empty/, w => w.symlink(byteString``)],
    ['a target with NUL', /NUL/, w => w.symlink(latin1('a\0'))],
    ['a target of 4,096 bytes', /4095/, w => w.symlink(latin1('x'.repeat(4096)))],
  ])('refuses %s', (_, message, use) => {
    const writer = createNarWriter(() => {})
    expect(() => use(writer)).toThrow(
      expect.objectContaining({ code: 'NAR_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('says in which path', () => {
    const writer = createNarWriter(() => {})
    writer.directory()
    writer.entry(byteString`etc`)
    writer.directory()
    expect(() => writer.entry(byteString`.`)).toThrow(expect.objectContaining({ path: 'etc' }))
  })

  it('nests deeper than the reader reads, as a Nix before 2.36 did', () => {
    const pieces: Uint8Array[] = []
    const writer = createNarWriter(bytes => pieces.push(bytes.slice()))
    for (let i = 0; i < 4 * NAR_MAX_DEPTH; i++) {
      writer.directory()
      writer.entry(byteString`d`)
    }
    writer.regular(false, 0)
    for (let i = 0; i < 4 * NAR_MAX_DEPTH; i++) writer.endDirectory()
    writer.end()
    expect(() => eventsOfNar(new Uint8Array(Buffer.concat(pieces)))).toThrow(/nested/)
  })
})
