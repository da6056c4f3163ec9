import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createExportReader, narHashFromBytes } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import { exportOf, pathsOfExport, piecesOfPath, type TestPath, u64 } from './export-support.ts'
import { narOfTree } from './nar-support.ts'

const A = '/nix/store/2l7gvysjsjm6zqykb5rw716nrl4b9i4f-a'
const B = '/nix/store/a7qcz39y1mj61s58pqflwszahfq5dh2x-bb'
const FILE: TestPath = { nar: narOfTree({ contents: 'hello' }), path: A }
const FOLDER: TestPath = {
  nar: narOfTree({ children: { bin: { contents: 'x'.repeat(1000), executable: true }, link: { symlink: A } } }),
  path: B,
  references: [A, B],
  deriver: `${B}.drv`,
}
const hashOf = (nar: Uint8Array) => narHashFromBytes(createHash('sha256').update(nar).digest())

/** FILE with one of its pieces replaced, and no end of the export. */
function broken(piece: number, ...by: Uint8Array[]): Uint8Array {
  const pieces = piecesOfPath(FILE)
  return new Uint8Array(Buffer.concat([...pieces.slice(0, piece), ...by]))
}

/** The offset of a piece of FILE. */
function offsetOf(piece: number): number {
  return broken(piece).length
}

function push(bytes: Uint8Array) {
  return () => createExportReader().push(bytes)
}

describe('createExportReader', () => {
  it('reads what nix-store --export wrote', () => {
    const text =
      'AQAAAAAAAAANAAAAAAAAAG5peC1hcmNoaXZlLTEAAAABAAAAAAAAACgAAAAAAAAABAAAAAAAAAB0eXBlAAAAAAcAAAAAAAAAcmVndWxh' +
      'cgAIAAAAAAAAAGNvbnRlbnRzBQAAAAAAAABoZWxsbwAAAAEAAAAAAAAAKQAAAAAAAABOSVhFAAAAAC0AAAAAAAAAL25peC9zdG9yZS92' +
      'cXBuMTdyMDNscWFid2swd2tzZ3BiZ3k2MjB6d2ZkNC10AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
    const [path, ...others] = pathsOfExport(Buffer.from(text, 'base64'))
    expect(path).toMatchObject({
      path: { path: '/nix/store/vqpn17r03lqabwk0wksgpbgy620zwfd4-t' },
      narHash: 'sha256:0sg9f58l1jj88w6pdrfdpj5x9b1zrwszk84j81zvby36q9whhhqa',
      narSize: 120,
      narOffset: 8,
      references: [],
    })
    expect(path).not.toHaveProperty('deriver')
    expect(others).toEqual([])
  })

  it('says of each path what it is and where its NAR lies', () => {
    const bytes = exportOf(FILE, FOLDER)
    const paths = pathsOfExport(bytes)
    expect(paths).toMatchObject([
      { path: { path: A }, references: [] },
      { path: { path: B }, references: [{ path: A }, { path: B }], deriver: { path: `${B}.drv` } },
    ])
    for (const [i, { nar }] of [FILE, FOLDER].entries()) {
      const { narOffset, narSize, narHash } = paths[i]
      expect(bytes.subarray(narOffset, narOffset + narSize)).toEqual(nar)
      expect(narHash).toBe(hashOf(nar))
    }
  })

  it('reads chunks of any size', () => {
    const bytes = exportOf(FILE, FOLDER)
    const whole = pathsOfExport(bytes)
    for (const size of [1, 2, 7, 8, 13, 120, 128, 1000]) {
      const cuts = Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => i * size)
      expect(pathsOfExport(bytes, cuts)).toEqual(whole)
    }
  })

  it('gives a path as soon as it is complete', () => {
    const reader = createExportReader()
    const bytes = exportOf(FILE, FOLDER)
    const end = offsetOf(8)
    expect(reader.push(bytes.subarray(0, end - 1))).toEqual([])
    expect(reader.push(bytes.subarray(end - 1, end))).toHaveLength(1)
    expect(reader.push(bytes.subarray(end))).toHaveLength(1)
    expect(reader.push(new Uint8Array())).toEqual([])
    reader.end()
  })

  it('reads an export of nothing', () => {
    expect(pathsOfExport(u64(0))).toEqual([])
  })

  it('passes over the signatures of old versions', () => {
    const signed = exportOf({ ...FILE, signature: 'x'.repeat(4096) }, { ...FOLDER, signature: '' })
    expect(pathsOfExport(signed)).toMatchObject([{ path: { path: A } }, { path: { path: B } }])
  })

  it('knows other stores', () => {
    const bytes = exportOf({ ...FILE, path: A.replace('/nix/', '/longer/folder/') })
    const reader = createExportReader('/longer/folder/store')
    expect(reader.push(bytes)).toMatchObject([{ path: { name: 'a' } }])
    expect(push(bytes)).toThrow(/does not begin with \/nix\/store/)
  })

  it.each([
    ['something else', encodeNarStrings('nix-archive-1'), 0, /the mark of a path or of the end is due, 0 or 1, not 13/],
    ['a number of 2^64 - 1', new Uint8Array(8).fill(255), 0, /2\^53 or more/],
    ['another mark behind a NAR', broken(2, u64(0x4558494f)), offsetOf(2), /path 1: its mark is another one/],
    ['a path too long', broken(3, u64(256)), offsetOf(3), /at most 255 bytes, not a string of 256/],
    ['an empty path', broken(3, encodeNarStrings('')), offsetOf(3), /its store path is empty/],
    ['what is no store path', broken(3, encodeNarStrings('/nix/store/x')), offsetOf(3), /not a store path/],
    ['padding that is not zero', broken(3, u64(1), new Uint8Array(8).fill(97)), offsetOf(3) + 16, /padding/],
    ['too many references', broken(4, u64(100_001)), offsetOf(4), /more than 100000 references/],
    ['an empty reference', broken(4, u64(1), u64(0)), offsetOf(5), /reference 1 of 1 is empty/],
    [
      'a bad reference',
      broken(4, u64(2), encodeNarStrings(A, 'x')),
      offsetOf(5) + 8 + 48,
      /reference 2 of 2: not a store/,
    ],
    ['a bad deriver', broken(6, encodeNarStrings('unknown-deriver')), offsetOf(6), /its deriver: not a store path/],
    ['another number for a signature', broken(7, u64(2)), offsetOf(7), /the mark of a signature is due, 0 or 1, not 2/],
    ['a signature too long', broken(7, u64(1), u64(4097)), offsetOf(7) + 8, /at most 4096 bytes/],
    [
      'a NAR that is none',
      broken(1, encodeNarStrings('nix-archive-1', '[')),
      8 + 24,
      /path 1: not a valid NAR: .*"\["/,
    ],
    ['two NARs', broken(2, FILE.nar), offsetOf(2), /its mark is another one/],
    [
      'bytes behind the end',
      Buffer.concat([exportOf(FILE), u64(0)]),
      exportOf(FILE).length,
      /behind the last path: . or more bytes follow/,
    ],
  ])('refuses %s', (_, bytes, offset, message) => {
    for (const chunks of [[bytes], [...bytes].map(byte => Uint8Array.of(byte))]) {
      const reader = createExportReader()
      expect(() => {
        for (const chunk of chunks) reader.push(chunk)
      }).toThrow(expect.objectContaining({ code: 'EXPORT_INVALID', offset, message: expect.stringMatching(message) }))
    }
  })

  it('refuses a length before a byte behind it is there', () => {
    const reader = createExportReader()
    reader.push(broken(3))
    expect(() => reader.push(u64(2 ** 40))).toThrow(/at most 255 bytes/)
  })

  it('says where an export was cut off', () => {
    const bytes = exportOf({ ...FILE, references: [A], deriver: B, signature: 'x' })
    for (let size = 0; size < bytes.length; size++) {
      const reader = createExportReader()
      reader.push(bytes.subarray(0, size))
      expect(() => reader.end()).toThrow(expect.objectContaining({ code: 'EXPORT_TRUNCATED', offset: size }))
    }
    expect(() => pathsOfExport(bytes.subarray(0, 20))).toThrow(/path 1: it ends before or in its NAR/)
    expect(() => pathsOfExport(bytes.subarray(0, -8))).toThrow(/path 2: it ends before or in the mark of a path/)
  })

  it('throws its error again', () => {
    const spoiled = createExportReader()
    expect(() => spoiled.push(u64(2))).toThrow(/0 or 1/)
    expect(() => spoiled.push(u64(0))).toThrow(/0 or 1/)
    expect(() => spoiled.end()).toThrow(/0 or 1/)

    const short = createExportReader()
    expect(() => short.end()).toThrow(expect.objectContaining({ code: 'EXPORT_TRUNCATED', offset: 0 }))
    expect(() => short.push(u64(0))).toThrow(expect.objectContaining({ code: 'EXPORT_TRUNCATED' }))

    const done = createExportReader()
    done.push(u64(0))
    done.end()
    expect(() => done.push(new Uint8Array(1))).toThrow(expect.objectContaining({ code: 'EXPORT_INVALID', offset: 8 }))
  })
})
