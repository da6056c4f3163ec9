import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BlockCache, build, type ImageSpec } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
let spec: ImageSpec
beforeEach(() => {
  folder = temporaryFolder()
  const store = createChrootStore(folder)
  const roots = ['a', 'b', 'c', 'd'].map(name => store.add(name, { contents: name.repeat(5_000_000) }))
  spec = { source: store.source, roots, name: 'x', level: 0 }
})

const never = () => new Promise<never>(() => {})
const nothing = async () => undefined

/** A cache that says so of each of its calls. */
function watched(cache: Record<string, unknown>): BlockCache & { readonly calls: string[] } {
  const calls: string[] = []
  const watch =
    (name: string) =>
    (...args: unknown[]) => {
      calls.push(name)
      return (cache[name] as (...args: unknown[]) => never)(...args)
    }
  return { calls, get: watch('get'), put: watch('put') }
}

describe('a cache', () => {
  it.each<[string, Record<string, unknown>, RegExp]>([
    ['whose get rejects', { get: () => Promise.reject(new Error('no route')) }, /get failed: no route/],
    [
      'whose get throws',
      {
        get: () => {
          throw new TypeError('oh')
        },
      },
      /get failed: oh/,
    ],
    ['whose get rejects with nothing', { get: () => Promise.reject() }, /get failed: undefined/],
    ['whose get gives text', { get: async () => 'block' }, /get gave "block", not a Uint8Array or undefined/],
    ['whose get gives null', { get: async () => null }, /get gave null/],
    ['whose get gives an ArrayBuffer', { get: async () => new ArrayBuffer(9) }, /get gave an object/],
    ['whose put gives nothing', { get: nothing, put: nothing }, /put gave undefined, not true or false/],
    ['whose put gives a number', { get: nothing, put: async () => 1 }, /put gave 1/],
  ])('%s is named once, and the image built without it', async (_, cache, message) => {
    const plain = await build(spec, { workers: 2, cache: false }).toFolder(join(folder, 'plain'))
    const faulty = watched(cache)
    const built = await build(spec, { workers: 2, cache: faulty }).toFolder(join(folder, 'out'))
    expect(built.sha256).toBe(plain.sha256)
    const { length } = plain.warnings
    expect(built.warnings.slice(0, length)).toEqual(plain.warnings)
    expect(built.warnings.slice(length)).toEqual([
      expect.objectContaining({ code: 'BLOCK_CACHE_FAILED', message: expect.stringMatching(message) }),
    ])
    expect(built.warnings.at(-1)!.message).toMatch(/^block cache: .*; the image was built without it$/)
    // It is asked for all batches at a time, and for nothing once it has failed.
    expect(faulty.calls.filter(name => name === 'put').length).toBeLessThanOrEqual(1)
  })

  it.each<[string, () => Promise<boolean>]>([
    ['rejects', () => Promise.reject(new Error('full'))],
    [
      'throws',
      () => {
        throw new Error('full')
      },
    ],
  ])('whose put %s is named once, and still asked for what it has', async (_, put) => {
    const kept = new Map<string, Uint8Array>()
    const filling = async (key: string, bytes: Uint8Array) => kept.size < 4 && !!kept.set(key, bytes.slice())
    const get = async (key: string) => kept.get(key)
    const first = await build(spec, { workers: 2, cache: { get, put: filling } }).toFolder(join(folder, 'first'))
    expect(kept.size).toBe(4)
    const refusing = watched({ get, put })
    const built = await build(spec, { workers: 2, cache: refusing }).toFolder(join(folder, 'out'))
    expect(built.sha256).toBe(first.sha256)
    expect(built.cachedNarSize).toBeGreaterThan(0)
    expect(built.warnings.filter(({ code }) => code.startsWith('BLOCK'))).toEqual([
      {
        code: 'BLOCK_CACHE_UNWRITABLE',
        message:
          'block cache: full; what it lacks will be made again: choose another one (--cache-dir), or none (--no-cache)',
      },
    ])
    expect(refusing.calls.filter(name => name === 'put')).toHaveLength(1)
    // For a record of each batch, and blocks of those that it has.
    expect(refusing.calls.filter(name => name === 'get').length).toBeGreaterThan(spec.roots!.length)
  })

  it.each<[string, Record<string, unknown>]>([
    ['get', { get: never }],
    ['put', { get: nothing, put: never }],
  ])('whose %s never settles ends with the build that is aborted', async (_, cache) => {
    const ending = new AbortController()
    const asked = Promise.withResolvers<void>()
    const silent = watched({
      ...cache,
      ...Object.fromEntries(
        Object.entries(cache).map(([name, call]) => [
          name,
          () => {
            if (call === never) asked.resolve()
            return (call as () => unknown)()
          },
        ]),
      ),
    })
    const built = build(spec, { workers: 2, cache: silent, signal: ending.signal }).toFolder(join(folder, 'out'))
    const ended = expect(built).rejects.toThrow('enough')
    await asked.promise
    ending.abort(new Error('enough'))
    await ended
    expect(readdirSync(folder)).not.toContain('out')
  })

  it('that answers only after the abort is heard no more', async () => {
    const ending = new AbortController()
    const late = Promise.withResolvers<never>()
    const cache = {
      get() {
        ending.abort(new Error('enough'))
        return late.promise
      },
      put: async () => true,
    }
    const built = build(spec, { workers: 2, cache, signal: ending.signal }).writeTo(async () => {})
    await expect(built).rejects.toThrow('enough')
    // Nobody waits for it: as an unhandled rejection it would fail this test.
    late.reject(new Error('late'))
    await new Promise(resolve => setImmediate(resolve))
  })

  it('that has no room is no fault', async () => {
    const full = watched({ get: nothing, put: async () => false })
    const built = await build(spec, { workers: 2, cache: full }).toFolder(join(folder, 'out'))
    expect(built.warnings.filter(({ code }) => code.startsWith('BLOCK'))).toEqual([])
    expect(full.calls.filter(name => name === 'put').length).toBeGreaterThan(3)
    expect(readFileSync(built.image)).toHaveLength(built.size)
  })
})
