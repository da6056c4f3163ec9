import { describe, expect, it } from 'vitest'
import { formatRegistration, parseRegistration } from '../../../src/nix/index.ts'

const BAR = '/nix/store/2l7gvysjsjm6zqykb5rw716nrl4b9i4f-bar'
const FOO = '/nix/store/a7qcz39y1mj61s58pqflwszahfq5dh2x-foo'
const BASE16 = 'caa766b411b277f937d1ad3b36701d7125f9429c90114f0fea71118dae5be9cd'
const NIX32 = 'sha256:1kg9bfp8s4bix87ly4chki1gj9bi3mq3cfxds4vzjxxj26s6d9ya'
const DUMP = `${BAR}\n${BASE16}\n328\n${FOO}.drv\n2\n${BAR}\n${FOO}\n${FOO}\n${BASE16}\n0\n\n0\n`
const CLOSURE_INFO = `${BAR}\n${NIX32}\n328\n\n2\n${BAR}\n${FOO}\n${FOO}\n${NIX32}\n0\n\n0\n`

describe('parseRegistration', () => {
  it('reads the form of dump-db', () => {
    const [bar, foo, ...others] = parseRegistration(DUMP)
    expect(bar).toMatchObject({ path: { path: BAR }, narHash: NIX32, narSize: 328, deriver: { path: `${FOO}.drv` } })
    expect(bar.references.map(reference => reference.path)).toEqual([BAR, FOO])
    expect(foo).toMatchObject({ path: { path: FOO }, narHash: NIX32, narSize: 0, references: [] })
    expect(foo).not.toHaveProperty('deriver')
    expect(others).toEqual([])
  })

  it('reads the form of closureInfo, its last newline missing or not', () => {
    expect(parseRegistration(CLOSURE_INFO)).toHaveLength(2)
    expect(parseRegistration(CLOSURE_INFO.slice(0, -1))).toEqual(parseRegistration(CLOSURE_INFO))
  })

  it('reads nothing out of nothing', () => {
    expect(parseRegistration('')).toEqual([])
  })

  it('knows other stores', () => {
    const text = CLOSURE_INFO.replaceAll('/nix/store', '/gnu/store')
    expect(parseRegistration(text, '/gnu/store')[0].path.storeDir).toBe('/gnu/store')
    expect(() => parseRegistration(text)).toThrow(expect.objectContaining({ line: 1 }))
  })

  it.each([
    ['too small a reference count', CLOSURE_INFO.replace('\n2\n', '\n1\n'), 8, /announce too few references/],
    ['too large a reference count', CLOSURE_INFO.replace('\n2\n', '\n4\n'), 9, /reference 4 .* that line 5 announces/],
    ['a huge reference count', CLOSURE_INFO.replace('\n2\n', '\n9007199254740991\n'), 9, /reference 4/],
    ['a count that is no number', CLOSURE_INFO.replace('\n2\n', '\nx\n'), 5, /not a decimal number/],
    ['a negative size', CLOSURE_INFO.replace('328', '-1'), 3, /not a decimal number/],
    ['a size with zeros in front', CLOSURE_INFO.replace('328', '0328'), 3, /not a decimal number/],
    ['a size of 2^53', CLOSURE_INFO.replace('328', '9007199254740992'), 3, /2\^53/],
    ['a bad hash', CLOSURE_INFO.replace('sha256:1', 'sha256:'), 2, /not a hash/],
    ['a bad deriver', CLOSURE_INFO.replace('328\n\n', '328\nunknown\n'), 4, /not a store path/],
    ['an empty line at the end', `${CLOSURE_INFO}\n`, 13, /should hold a store path/],
    ['lines of another system', CLOSURE_INFO.replaceAll('\n', '\r\n'), 1, /not a store path/],
    ['an end inside a record', CLOSURE_INFO.slice(0, -3), 11, /ends too early/],
    ['an end inside the references', CLOSURE_INFO.slice(0, CLOSURE_INFO.indexOf(FOO)), 7, /ends too early/],
  ])('refuses %s', (_, text, line, message) => {
    expect(() => parseRegistration(text)).toThrow(
      expect.objectContaining({ code: 'REGISTRATION_INVALID', line, message: expect.stringMatching(message) }),
    )
  })
})

describe('formatRegistration', () => {
  it('writes the form of closureInfo', () => {
    expect(formatRegistration(parseRegistration(DUMP))).toBe(CLOSURE_INFO)
    expect(formatRegistration([])).toBe('')
  })
})
