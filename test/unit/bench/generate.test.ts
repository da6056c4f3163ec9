import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generateClosure } from '../../../src/bench/generate.ts'
import { buildImage } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const SIZE = 3_000_000

describe('a generated closure', () => {
  it('is the same for the same seed, and differs in two store paths once one is bumped', async () => {
    const folder = temporaryFolder()
    const pathsOf = async (name: string, options: { seed: number; bumped?: boolean }) => {
      const { closureInfo } = await generateClosure(join(folder, name), { size: SIZE, ...options })
      readFileSync(join(closureInfo, 'store-paths'), 'utf8')
      return readFileSync(join(closureInfo, 'registration'), 'utf8')
    }
    const first = await pathsOf('first', { seed: 1 })
    expect(await pathsOf('again', { seed: 1 })).toBe(first)
    expect(await pathsOf('other', { seed: 2 })).not.toBe(first)
    const names = (text: string) => new Set(text.match(/^\/nix\/store\/.*$/gm))
    const bumped = names(await pathsOf('bumped', { seed: 1, bumped: true }))
    expect([...bumped].filter(name => !names(first).has(name))).toHaveLength(2)
    expect(bumped.size).toBe(names(first).size)
  })

  it('can be built, every NAR hash being right', async () => {
    const folder = temporaryFolder()
    const { root, closureInfo, toplevel } = await generateClosure(join(folder, 'closure'), { size: SIZE, seed: 7 })
    const source = { storeRoot: root, closureInfo }
    const image = await buildImage({ source, toplevel, format: 'tar' }, join(folder, 'out'), { cache: false })
    expect(image.tarSize).toBeGreaterThan(SIZE / 2)
  })
})
