import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY } from '../../../src/bytes/index.ts'
import { parseStorePath } from '../../../src/nix/index.ts'
import type { StoreSegment } from '../../../src/plan/plan.ts'
import { createSegmentCheck } from '../../../src/produce/segment-check.ts'
import { createSegmentPacker } from '../../../src/produce/segment-packer.ts'
import { encodeTarHeader } from '../../../src/tar/index.ts'
import { storePathOf } from '../../chroot-store.ts'
import { latin1 } from '../../latin1.ts'
import type { Tree } from '../nix/nar-support.ts'

interface Packed {
  readonly segment: StoreSegment
  readonly tar: Uint8Array
}

/** Packs a tree as a build does. */
function pack(tree: Tree, name = 'a'): Packed {
  const path = parseStorePath(storePathOf(name))
  const tar = new Uint8Array(1_000_000)
  let filled = 0
  const packer = createSegmentPacker(latin1(path.path.slice(1)), {
    room: () => tar.subarray(filled),
    advance(length) {
      filled += length
    },
    end() {},
  })
  const write = (node: Tree): void => {
    if ('symlink' in node) packer.symlink(latin1(node.symlink))
    else if ('contents' in node) {
      const bytes = Buffer.from(node.contents, 'latin1')
      packer.regular(node.executable ?? false, bytes.length)
      if (bytes.length === 0) return
      packer.room().set(bytes)
      packer.advance(bytes.length)
    } else {
      packer.directory()
      for (const [child, below] of Object.entries(node.children).sort(([a], [b]) => (a < b ? -1 : 1))) {
        packer.entry(latin1(child))
        write(below)
      }
      packer.endDirectory()
    }
  }
  write(tree)
  const { narHash, narSize } = packer.end()
  const contents = { type: 'files', path: EMPTY } as const
  return { segment: { path, narHash, narSize, contents }, tar: tar.slice(0, filled) }
}

/** Whether bytes pass as those of segments, pushed in pieces of a size. */
function passes(packed: readonly Packed[], tar = Buffer.concat(packed.map(one => one.tar)), pieceSize = 70_000) {
  const check = createSegmentCheck(packed.map(one => ({ segment: one.segment, tarSize: one.tar.length })))
  for (let at = 0; at < tar.length; at += pieceSize) if (!check.push(tar.subarray(at, at + pieceSize))) return false
  return check.end()
}

const LONG = 'n'.repeat(200)
const TREE: Tree = {
  children: {
    a: { contents: 'x'.repeat(600), executable: true },
    b: { children: { c: { children: {} }, [LONG]: { children: { [LONG]: { symlink: `../${LONG}/${LONG}` } } } } },
    d: { contents: '' },
    e: { children: { f: { contents: 'y'.repeat(512) } } },
    'g\xff': { symlink: '/nix/store' },
  },
}

const tree = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ symlink: fc.constantFrom('x', LONG, '/a/b') }),
    fc.record({
      contents: fc.string({ unit: fc.constantFrom('\0', 'a', '\xff'), maxLength: 1200 }),
      executable: fc.boolean(),
    }),
    fc.record({ children: fc.dictionary(fc.constantFrom('a', 'a.b', 'a-', 'b', LONG), tie('tree'), { maxKeys: 4 }) }),
  ),
})).tree

describe('tar bytes of store paths pass', () => {
  it.each([1, 7, 511, 512, 513, 70_000])('in pieces of %d bytes', pieceSize => {
    expect(passes([pack(TREE), pack({ contents: 'x' }, 'b'), pack({ symlink: 'y' }, 'c')], undefined, pieceSize)).toBe(
      true,
    )
  })

  it('whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 2000 }), (trees, size) => {
        expect(
          passes(
            trees.map((one, i) => pack(one, `p${i}`)),
            undefined,
            size,
          ),
        ).toBe(true)
      }),
    )
  })

  it('with a file larger than a piece', () => {
    expect(passes([pack({ children: { a: { contents: 'z'.repeat(400_001) } } })])).toBe(true)
  })
})

describe('tar bytes do not pass', () => {
  it('with any bit of them turned', () => {
    const packed = [pack(TREE), pack({ contents: 'x' }, 'b')]
    const tar = Buffer.concat(packed.map(one => one.tar))
    const passed: number[] = []
    for (let at = 0; at < tar.length; at++) {
      const spoilt = Buffer.from(tar)
      spoilt[at]! ^= 1 << (at % 8)
      if (passes(packed, spoilt)) passed.push(at)
    }
    expect(passed).toEqual([])
  })

  it.each([
    ['a set-user-ID bit', { mode: 0o4555 }],
    ['a permission to write', { mode: 0o755 }],
    ['another owner', { mode: 0o555, uid: 1000 }],
    ['another group', { mode: 0o555, gid: 1000 }],
    ['another time', { mode: 0o555, mtime: 2 }],
  ])('with %s that no NAR tells of', (_, fields) => {
    const packed = pack({ contents: 'x', executable: true })
    const header = encodeTarHeader({
      type: 'file',
      path: latin1(packed.segment.path.path.slice(1)),
      size: 1,
      ...fields,
    })
    expect(passes([packed], Buffer.concat([header, packed.tar.subarray(512)]))).toBe(false)
  })

  it('with less, more, or in another order', () => {
    const packed = [pack(TREE), pack({ contents: 'x' }, 'b')]
    const [first, second] = packed.map(({ tar }) => tar) as [Uint8Array, Uint8Array]
    const zeros = new Uint8Array(512)
    for (const wrong of [
      [],
      [first],
      [second, first],
      [first, second, zeros],
      [zeros, first, second],
      [first, first],
    ]) {
      expect(passes(packed, Buffer.concat(wrong))).toBe(false)
    }
    expect(passes(packed, Buffer.concat([first, second]).subarray(0, -1))).toBe(false)
  })

  it('of other contents, or of another store path', () => {
    const right = pack(TREE)
    expect(passes([{ ...right, tar: pack({ contents: 'x' }).tar }])).toBe(false)
    expect(passes([{ ...right, tar: pack(TREE, 'b').tar }])).toBe(false)
  })

  it('with a size that is not theirs', () => {
    const [a, b] = [pack(TREE), pack({ contents: 'x' }, 'b')]
    const check = createSegmentCheck([
      { segment: a.segment, tarSize: a.tar.length + 512 },
      { segment: b.segment, tarSize: b.tar.length - 512 },
    ])
    check.push(Buffer.concat([a.tar, b.tar]))
    expect(check.end()).toBe(false)
  })

  it('with an entry that lies elsewhere', () => {
    const { segment, tar } = pack({ children: {} })
    for (const path of ['etc/passwd', `${segment.path.path.slice(1)}x`, 'nix/store']) {
      const more = Buffer.concat([tar, encodeTarHeader({ type: 'file', path: latin1(path), mode: 0o444, size: 0 })])
      expect(passes([{ segment, tar: more }])).toBe(false)
    }
  })

  it('if they are no tar', () => {
    const { segment } = pack(TREE)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), tar => {
        expect(passes([{ segment, tar }])).toBe(false)
      }),
    )
  })
})
