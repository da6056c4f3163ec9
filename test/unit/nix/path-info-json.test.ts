import { describe, expect, it } from 'vitest'
import { NixError, parsePathInfoJson } from '../../../src/nix/index.ts'

const FOO = 'n5wkd9frr45pa74if5gpz9j7mifg27fh-foo'
const BAR = 'g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-bar'
const FULL_FOO = `/nix/store/${FOO}`
const FULL_BAR = `/nix/store/${BAR}`
const SRI = 'sha256-bdKYbKZ/06Ct3oryHc3NzKQwecsxa4Xy6n7RqsaANQY='
const NIX32 = 'sha256:01imh33amlbyxbr8asrirdwk196crp6ivwlavsns1lvzlrn9ilkd'
const SIGNATURE = `key-1:${'A'.repeat(86)}==`

const version1 = {
  narHash: SRI,
  narSize: 680,
  references: [FULL_BAR, FULL_FOO],
  deriver: `${FULL_BAR}.drv`,
  ca: `fixed:r:${NIX32}`,
  signatures: [SIGNATURE],
  registrationTime: 1,
  ultimate: false,
}
const version2 = {
  ...version1,
  references: [BAR, FOO],
  deriver: `${BAR}.drv`,
  ca: { method: 'nar', hash: SRI },
  version: 2,
  storeDir: '/nix/store',
}
const bare = { narHash: SRI, narSize: 1, references: [] }

const parse = (json: unknown, storeDir?: string) => parsePathInfoJson(JSON.stringify(json), storeDir)

describe('parsePathInfoJson', () => {
  const want = parse([{ path: FULL_FOO, ...version1, valid: true }])

  it('reads the array of Nix up to 2.18', () => {
    expect(want).toMatchObject([
      {
        path: { path: FULL_FOO },
        narHash: NIX32,
        narSize: 680,
        references: [{ path: FULL_BAR }, { path: FULL_FOO }],
        deriver: { path: `${FULL_BAR}.drv` },
        ca: `fixed:r:${NIX32}`,
        signatures: [SIGNATURE],
      },
    ])
  })

  it('reads the object from 2.19 on, and its hashes with a colon', () => {
    expect(parse({ [FULL_FOO]: version1 })).toEqual(want)
    expect(parse({ [FULL_FOO]: { ...version1, narHash: SRI.replace('-', ':') } })).toEqual(want)
  })

  it('reads version 2', () => {
    expect(parse({ version: 2, storeDir: '/nix/store', info: { [FOO]: version2 } })).toEqual(want)
  })

  it('reads version 3', () => {
    const info = { ...version2, version: 3, signatures: [{ keyName: 'key-1', sig: SIGNATURE.slice(6) }] }
    expect(parse({ version: 3, storeDir: '/nix/store', info: { [FOO]: info } })).toEqual(want)
  })

  it('reads hashes as objects, as Nix wrote them for a while', () => {
    const hash = { algorithm: 'sha256', format: 'base64', hash: SRI.slice(7) }
    const info = { ...version2, narHash: hash, ca: { method: 'nar', hash } }
    expect(parse({ version: 2, storeDir: '/nix/store', info: { [FOO]: info } })).toEqual(want)
  })

  it.each([
    ['text', SRI, `text:${NIX32}`],
    ['flat', SRI, `fixed:${NIX32}`],
    ['git', 'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=', `fixed:git:sha1:${'0'.repeat(32)}`],
  ])('spells the content address %s as a text', (method, hash, want) => {
    const info = { ...version2, ca: { method, hash } }
    expect(parse({ version: 2, storeDir: '/nix/store', info: { [FOO]: info } })[0].ca).toBe(want)
  })

  it('leaves out what is absent or null', () => {
    const [absent] = parse({ [FULL_FOO]: bare })
    const [empty] = parse({ [FULL_FOO]: { ...bare, deriver: null, ca: null, signatures: null } })
    expect(Object.keys(absent)).toEqual(['path', 'narHash', 'narSize', 'references'])
    expect(empty).toEqual(absent)
  })

  it('keeps the order, and reads nothing out of nothing', () => {
    expect(parse({ [FULL_FOO]: bare, [FULL_BAR]: bare }).map(info => info.path.name)).toEqual(['foo', 'bar'])
    for (const json of [[], {}, { version: 2, info: {} }]) expect(parse(json)).toEqual([])
  })

  it('takes the store directory from the text, else from the caller', () => {
    expect(parse({ version: 2, storeDir: '/x', info: { [FOO]: bare } })[0].path.path).toBe(`/x/${FOO}`)
    expect(parse({ [`/y/${FOO}`]: bare }, '/y')[0].path.path).toBe(`/y/${FOO}`)
  })

  it.each([
    ['null', { [FULL_FOO]: null }, FULL_FOO],
    ['valid: false', [{ path: FULL_FOO, valid: false }], FULL_FOO],
    ['null in version 2', { version: 2, storeDir: '/nix/store', info: { [FOO]: null } }, FOO],
  ])('names the path that is not in the store (%s)', (_, json, path) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({ code: 'PATH_INFO_INVALID', path, message: expect.stringMatching(/not in the store/) }),
    )
  })

  it.each<[string, unknown, RegExp]>([
    ['no path', [{}], /"path"/],
    ['a number', 1, /neither an array nor an object/],
    ['a version to come', { version: 4, info: {} }, /version "4" is not known/],
    ['a version that is no text', { version: { toString: 1 } }, /version {…} is not known/],
    ['a version that is a list', { version: [{ toString: 1 }] }, /version \[…\] is not known/],
    ['version 2 without info', { version: 2 }, /"info"/],
    ['a path that is none', { '/etc/passwd': bare }, /not a store path/],
    ['no hash', { [FULL_FOO]: { ...bare, narHash: undefined } }, /"narHash": a string is needed/],
    ['a hash of another kind', { [FULL_FOO]: { ...bare, narHash: 'md5:x' } }, /"narHash": not a hash/],
    ['a size that is text', { [FULL_FOO]: { ...bare, narSize: '1' } }, /"narSize"/],
    ['a negative size', { [FULL_FOO]: { ...bare, narSize: -1 } }, /"narSize"/],
    ['no references', { [FULL_FOO]: { ...bare, references: null } }, /"references": an array/],
    ['a reference that is none', { [FULL_FOO]: { ...bare, references: ['x'] } }, /"references": not a store path/],
    ['an unknown method', { [FULL_FOO]: { ...bare, ca: { method: 'x', hash: SRI } } }, /"ca": method "x"/],
    ['a method that is no text', { [FULL_FOO]: { ...bare, ca: { method: { toString: 1 } } } }, /"ca": method {…}/],
    [
      'a hash format that is no text',
      { [FULL_FOO]: { ...bare, narHash: { format: { toString: 1 } } } },
      /hash format {…}/,
    ],
    ['a signature that is a number', { [FULL_FOO]: { ...bare, signatures: [1] } }, /"signatures"/],
  ])('refuses %s', (_, json, message) => {
    expect(() => parse(json)).toThrow(message)
    expect(() => parse(json)).toThrow(NixError)
  })

  it('refuses what is not JSON', () => {
    expect(() => parsePathInfoJson('warning: x')).toThrow(expect.objectContaining({ code: 'PATH_INFO_INVALID' }))
  })
})
