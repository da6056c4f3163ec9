import { describe, expect, it } from 'vitest'
import { compareStorePaths, parseStorePath, parseStorePathBaseName } from '../../../src/nix/index.ts'

const DIGEST = '2l7gvysjsjm6zqykb5rw716nrl4b9i4f'

describe('parseStorePath', () => {
  it('takes a path apart', () => {
    expect(parseStorePath(`/nix/store/${DIGEST}-bar-1.0`)).toEqual({
      storeDir: '/nix/store',
      digest: DIGEST,
      name: 'bar-1.0',
      baseName: `${DIGEST}-bar-1.0`,
      path: `/nix/store/${DIGEST}-bar-1.0`,
    })
  })

  it('knows other stores', () => {
    const path = parseStorePath(`/home/x/store/${DIGEST}-bar`, '/home/x/store')
    expect(path).toEqual(parseStorePathBaseName(`${DIGEST}-bar`, '/home/x/store'))
    expect(() => parseStorePath(path.path)).toThrow(/does not begin with \/nix\/store\//)
  })

  it('survives being sent to a worker', () => {
    const path = parseStorePath(`/nix/store/${DIGEST}-bar`)
    expect(structuredClone(path)).toEqual(path)
  })

  it.each(['a', '.a', '..a', '...', '.a-b', '-', 'python3-3.11.2-1+b1', 'a_b?c=d', 'x'.repeat(211)])(
    'allows the name %j',
    name => {
      expect(parseStorePath(`/nix/store/${DIGEST}-${name}`).name).toBe(name)
    },
  )

  it.each(['', '.', '..', '.-', '.-a', '..-', '..-a', 'a b', 'a/b', 'a\n', 'a~', '\u00e4', 'a\0', 'x'.repeat(212)])(
    'refuses the name %j',
    name => {
      expect(() => parseStorePath(`/nix/store/${DIGEST}-${name}`)).toThrow(
        expect.objectContaining({ code: 'STORE_PATH_INVALID' }),
      )
    },
  )

  it.each([
    '',
    '/nix/store',
    '/nix/store/',
    `/nix/store/${DIGEST}`,
    `/nix/store/${DIGEST.slice(1)}-bar`,
    `/nix/store/0${DIGEST}-bar`,
    `/nix/store/e${DIGEST.slice(1)}-bar`,
    `/nix/store/${DIGEST.toUpperCase()}-bar`,
    `/nix/store//${DIGEST}-bar`,
    `/nix/store/${DIGEST}-bar/`,
    `/nix/store/${DIGEST}-bar/bin/sh`,
    `/nix/store/../store/${DIGEST}-bar`,
    `nix/store/${DIGEST}-bar`,
    `${DIGEST}-bar`,
  ])('refuses %j', text => {
    expect(() => parseStorePath(text)).toThrow(expect.objectContaining({ code: 'STORE_PATH_INVALID', input: text }))
  })

  it.each(['', '/', 'nix/store', '/nix/store/', '/nix//store', '/nix/./store', '/nix/..', '/nix/st\nore', '/n\u00efx'])(
    'refuses the store directory %j',
    storeDir => {
      expect(() => parseStorePath(`${storeDir}/${DIGEST}-bar`, storeDir)).toThrow(/not a store directory/)
      expect(() => parseStorePathBaseName(`${DIGEST}-bar`, storeDir)).toThrow(/not a store directory/)
    },
  )

  it('allows store directories with dots in their names', () => {
    expect(parseStorePathBaseName(`${DIGEST}-bar`, '/a.b/.c/..d').storeDir).toBe('/a.b/.c/..d')
  })
})

it('compareStorePaths orders bytewise', () => {
  const paths = [`${'1'.repeat(32)}-a`, `${'0'.repeat(32)}-b`, `${'0'.repeat(32)}-B`].map(name =>
    parseStorePathBaseName(name),
  )
  expect(paths.sort(compareStorePaths).map(path => path.baseName.slice(31))).toEqual(['0-B', '0-b', '1-a'])
})
