import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { NixError, StoreError } from '../../../src/index.ts'
import { readClosureInfo } from '../../../src/store/closure-info.ts'
import { type Registered, storePathOf, writeClosureInfo } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

const [A, B] = [storePathOf('a'), storePathOf('b')]
const info = (references: readonly string[] = []): Registered => ({ narHash: 'ab'.repeat(32), narSize: 7, references })
const read = (folder: string) => readClosureInfo(folder, '/nix/store')

function closureInfo(paths: [string, Registered][]): string {
  const folder = temporaryFolder()
  writeClosureInfo(folder, new Map(paths))
  return folder
}

describe('readClosureInfo', () => {
  it('reads paths, hashes, sizes and references', () => {
    const infos = read(
      closureInfo([
        [A, info([A, B])],
        [B, info()],
      ]),
    )
    expect(infos.map(({ path, narSize, references }) => [path.path, narSize, references.map(r => r.path)])).toEqual([
      [A, 7, [A, B]],
      [B, 7, []],
    ])
    expect(infos[0]!.narHash).toMatch(/^sha256:[0-9a-z]{52}$/)
  })

  it('reads none from empty files, as closureInfo writes for no roots', () => {
    expect(read(closureInfo([]))).toEqual([])
  })

  it('takes the store paths in any order', () => {
    const folder = closureInfo([
      [A, info()],
      [B, info()],
    ])
    writeFileSync(join(folder, 'store-paths'), `${B}\n${A}`)
    expect(read(folder)).toHaveLength(2)
  })

  it.each([1, 3])('refuses a registration that announces %d references and has two', count => {
    const folder = closureInfo([
      [A, info([A, B])],
      [B, info()],
    ])
    const record = (references: number) => `${A}\n${'ab'.repeat(32)}\n7\n\n${references}\n${A}\n${B}\n`
    writeFileSync(join(folder, 'registration'), `${record(count)}${B}\n${'ab'.repeat(32)}\n7\n\n0\n`)
    expect(() => read(folder)).toThrow(NixError)
    expect(() => read(folder)).toThrow(expect.objectContaining({ code: 'REGISTRATION_INVALID' }))
  })

  it('refuses a registration that was cut', () => {
    const folder = closureInfo([[A, info()]])
    writeFileSync(join(folder, 'registration'), `${A}\n${'ab'.repeat(32)}\n`)
    expect(() => read(folder)).toThrow(expect.objectContaining({ code: 'REGISTRATION_INVALID' }))
  })

  it.each(['registration', 'store-paths'])('names the folder that lacks %s', file => {
    const folder = closureInfo([[A, info()]])
    rmSync(join(folder, file))
    expect(() => read(folder)).toThrow(StoreError)
    expect(() => read(folder)).toThrow(
      expect.objectContaining({ code: 'STORE_UNREADABLE', path: join(folder, file), cause: expect.anything() }),
    )
  })

  it('refuses a folder where a file should be', () => {
    const folder = closureInfo([])
    rmSync(join(folder, 'store-paths'))
    mkdirSync(join(folder, 'store-paths'))
    expect(() => read(folder)).toThrow(expect.objectContaining({ code: 'STORE_UNREADABLE' }))
  })

  it.each([
    ['a path that is not registered', [A, B], /store-paths but not in registration/],
    ['too few paths', [], /registration but not in store-paths/],
  ])('refuses a list with %s', (_, listed, message) => {
    const folder = closureInfo([[A, info()]])
    writeFileSync(join(folder, 'store-paths'), listed.map(path => `${path}\n`).join(''))
    expect(() => read(folder)).toThrow(
      expect.objectContaining({ code: 'CLOSURE_INCOMPLETE', message: expect.stringMatching(message) }),
    )
  })
})
