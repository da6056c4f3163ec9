import { describe, expect, it } from 'vitest'
import {
  contentAddressOf,
  contentCheckOf,
  formatSha256Base16,
  isContentAddressed,
  parseStorePath,
  storePathOfContentAddress,
} from '../../../src/nix/index.ts'

const info = (path: string, ca: string | undefined, ...references: string[]) => ({
  path: parseStorePath(path),
  references: references.map(reference => parseStorePath(reference)),
  ...(ca !== undefined && { ca }),
})

// What Nix 2.8 made of the file "x" and of a folder with a file "a" that holds "hi" and a newline.
const FLAT = info(
  '/nix/store/01h6b15ys4wgsaivd4z7g3n220csz5d4-f',
  'fixed:sha256:10a83a91g1r50bdw8g4hn47m7j7m6angpabwc80l9c16nx11cw9d',
)
const FLAT_SHA512 = info(
  '/nix/store/qab67z21q4qx45zvih02ssh3gl4995mk-f',
  'fixed:sha512:1igw6jma2fig1c5x21kji2p42s4z47c4y4li0mhvlwcngg44qvc32r3i7d44gmlz2br4ifmni97z4parhgkml8mh612smj9ii2d9ax4',
)
const FLAT_MD5 = info('/nix/store/zri07sjizl1l50lfvp1rq3k9ixajncrv-f', 'fixed:md5:56cxf1akjnr3sk904c4rhy9m4x')
const NAR = info(
  '/nix/store/ikgcwncx2cinpipyb5ig5ipkb4m4vf77-src',
  'fixed:r:sha256:19l59z9nbs59axnhw6iqsz5bdagqb22kf0dp2zhkiq5m4b6k5247',
)
const NAR_SHA1 = info(
  '/nix/store/k6nsn7h3ik0pnlchxr2lh0ilxdbzz9l7-src',
  'fixed:r:sha1:32m7qspxj7ijzi43ncb9amfaqld015vw',
)
// builtins.toFile, of "hello" and of a text with a reference to that.
const TEXT = info(
  '/nix/store/vqpn17r03lqabwk0wksgpbgy620zwfd4-t',
  'text:sha256:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic',
)
const TEXT_WITH = info(
  '/nix/store/wjkwjxr4vq977lfjqnpkkyk8sr2n566y-t2',
  'text:sha256:1fkyb9p9gm1ijgvajmzr9cmllndbild8x8i6vi589yrh7mxkrdd7',
  TEXT.path.path,
)
// What `nix store make-content-addressed` made of the latter.
const NAR_WITH = info(
  '/nix/store/m4bhyxkwhad6rw5v9bpg2pf97akrfqyr-t2',
  'fixed:r:sha256:0ysn6h2lzq2akcgz79vnvsz563scw4rd80pf1lx08spk5a238k7d',
  '/nix/store/by59cb77bj65cl00yh30p3xqbbxs3vbf-t',
)
// What Nix 2.34 made of a folder with some files in it (nix store add --mode git).
const GIT = info('/nix/store/cjpfl8czjj8vy559jhgllfdza6kgl62z-t', 'fixed:git:sha1:d0wlb3rp3jik4xq433kpj7f2z6m5378k')
const GIT_SHA256 = info(
  '/nix/store/1p2wyq9h1zrymkwcdbyr17w3nbn39lcw-t',
  'fixed:git:sha256:10pjrc7xknrnskj7pb053zlfkz204an1dj1855kw400khjxgscmy',
)
const ALL = { GIT, GIT_SHA256, FLAT, FLAT_SHA512, FLAT_MD5, NAR, NAR_SHA1, TEXT, TEXT_WITH, NAR_WITH }
const OTHER = FLAT.path

describe('contentAddressOf', () => {
  it('tells method, algorithm and digest', () => {
    const parts = Object.values(ALL).map(one => contentAddressOf(one))
    expect(parts.map(part => `${part?.method} ${part?.algorithm} ${part?.digest.length}`)).toEqual([
      'git sha1 20',
      'git sha256 32',
      'flat sha256 32',
      'flat sha512 64',
      'flat md5 16',
      'nar sha256 32',
      'nar sha1 20',
      'text sha256 32',
      'text sha256 32',
      'nar sha256 32',
    ])
    expect(formatSha256Base16(contentAddressOf(TEXT)!.digest)).toBe(
      '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    )
  })

  it('reads the digest in any base', () => {
    const ca = 'text:sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    expect(contentAddressOf({ ca })).toEqual(contentAddressOf(TEXT))
  })

  it.each([
    undefined,
    '',
    'text',
    'text:',
    'text:sha256',
    'text:r:sha256:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic',
    'text:sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
    'fixed:hg:sha1:32m7qspxj7ijzi43ncb9amfaqld015vw',
    'fixed:text:sha256:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic',
    'later:sha256:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic',
    ' text:sha256:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic',
  ])('knows no method of %j', ca => {
    const one = { ...TEXT, ...(ca === undefined ? { ca: undefined } : { ca }) }
    expect(contentAddressOf(one)).toBeUndefined()
    expect(isContentAddressed(one)).toBe(false)
    expect(contentCheckOf(one)).toBeUndefined()
  })

  it.each([
    ['no digest', 'text:sha256:'],
    ['a digest too short', TEXT.ca!.slice(0, -1)],
    ['a digest with a newline', `${TEXT.ca}\n`],
    ['an unknown algorithm', 'fixed:sha3:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic'],
    ['a digest of another algorithm', 'fixed:r:sha512:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic'],
    ['a method without an algorithm', 'fixed:r:094qif9n4cq4fdg459qzbhg1c6wywawwaaivx0k0x8xhbyx4vwic'],
  ])('refuses %s', (_, ca) => {
    for (const call of [contentAddressOf, isContentAddressed, contentCheckOf]) {
      expect(() => call({ ...TEXT, ca })).toThrow(
        expect.objectContaining({ code: 'CONTENT_ADDRESS_INVALID', input: ca }),
      )
    }
  })
})

describe('isContentAddressed', () => {
  it.each(Object.entries(ALL))('knows paths of Nix: %s', (_, one) => {
    expect(isContentAddressed(one)).toBe(true)
  })

  it.each(Object.entries(ALL))('knows a path of another name, folder or digest for none: %s', (_, one) => {
    const { path } = one
    const changes = [path.path.replace(/-.*/, '-other'), path.path.replace(path.digest, '0'.repeat(32))]
    for (const change of changes) expect(isContentAddressed({ ...one, path: parseStorePath(change) })).toBe(false)
    expect(isContentAddressed({ ...one, path: parseStorePath(`/gnu/store/${path.baseName}`, '/gnu/store') })).toBe(
      false,
    )
  })

  it.each(Object.entries(ALL))('does not take references that do not belong: %s', (_, one) => {
    expect(isContentAddressed({ ...one, references: [...one.references, OTHER] })).toBe(false)
    expect(isContentAddressed({ ...one, references: [...one.references, one.path] })).toBe(false)
    if (one.references.length > 0) expect(isContentAddressed({ ...one, references: [] })).toBe(false)
  })

  it('minds neither the order of references nor that one comes twice', () => {
    const address = contentAddressOf(TEXT)!
    const references = [TEXT.path, NAR.path, FLAT.path]
    const path = storePathOfContentAddress('many', address, references, false)!
    expect(isContentAddressed({ path, ca: TEXT.ca, references: [...references, FLAT.path].reverse() })).toBe(true)
  })

  it('takes the same hash under another method for none', () => {
    for (const prefix of ['text:', 'fixed:', 'fixed:r:']) {
      const ca = prefix + TEXT.ca!.slice('text:'.length)
      expect(isContentAddressed({ ...TEXT, ca })).toBe(prefix === 'text:')
    }
  })
})

describe('storePathOfContentAddress', () => {
  const address = contentAddressOf(TEXT)!

  it('has no path where the references or the algorithm are not allowed', () => {
    const make = (change: object, others: number, self: boolean) =>
      storePathOfContentAddress('x', { ...address, ...change }, others === 0 ? [] : [OTHER], self)
    for (const refused of [
      make({ method: 'text' }, 0, true),
      make({ method: 'text', algorithm: 'blake3' }, 0, false),
      make({ method: 'flat' }, 1, false),
      make({ method: 'flat' }, 0, true),
      make({ method: 'nar', algorithm: 'blake3' }, 1, false),
      make({ method: 'nar', algorithm: 'blake3' }, 0, true),
    ]) {
      expect(refused).toBeUndefined()
    }
    const made = [
      make({ method: 'text' }, 1, false),
      make({ method: 'flat' }, 0, false),
      make({ method: 'nar' }, 0, false),
      make({ method: 'nar' }, 1, true),
      make({ method: 'nar' }, 0, true),
      make({ method: 'nar', algorithm: 'blake3' }, 0, false),
      make({ method: 'flat', algorithm: 'blake3' }, 0, false),
    ]
    expect(new Set(made.map(path => path?.path)).size).toBe(made.length)
    expect(made).not.toContain(undefined)
  })

  it('refuses names that no store path has', () => {
    expect(() => storePathOfContentAddress('', address, [], false)).toThrow(/not a store path/)
    expect(() => storePathOfContentAddress('a/b', address, [], false)).toThrow(/not a store path/)
  })
})

describe('contentCheckOf', () => {
  it('says what to hash', () => {
    expect(Object.values(ALL).map(one => contentCheckOf(one)?.over)).toEqual([
      'git',
      'git',
      'file',
      'file',
      'file',
      'nar',
      'nar',
      'file',
      'file',
      'nar',
    ])
    const { algorithm, digest } = contentAddressOf(NAR_SHA1)!
    expect(contentCheckOf(NAR_SHA1)).toEqual({ over: 'nar', algorithm, digest })
  })

  it('knows a path that refers to itself', () => {
    const path = storePathOfContentAddress('self', contentAddressOf(NAR)!, [OTHER], true)!
    expect(contentCheckOf({ path, ca: NAR.ca, references: [path, OTHER] })?.over).toBe('nar-without-self')
  })

  it('says nothing of a path that does not follow from its content address', () => {
    expect(contentCheckOf({ ...NAR, references: [OTHER] })).toBeUndefined()
  })
})
