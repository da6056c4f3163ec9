/** All ways in which a build can end, each at a moment that chance chooses. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { type BlockCache, type BuildOptions, build, type ImageSpec, openBlockCache } from '../../src/index.ts'

/** What a build is ended on purpose with. */
export class Enough extends Error {
  override readonly name = 'Enough'
}

/** A build, and chance. */
export interface Case {
  readonly spec: ImageSpec
  /** A spec that fails. */
  readonly faulty: ImageSpec
  readonly options: BuildOptions
  /** A folder of its own, not yet there. */
  readonly folder: string
  /** A whole number from 0 to `below - 1`. */
  chance(below: number): number
  /** Milliseconds within the time that a build takes. */
  moment(): number
}

/** Aborted with {@link Enough} after so many milliseconds. */
function aborting({ options, moment }: Case): BuildOptions & { readonly signal: AbortSignal } {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Enough()), moment())
  const signal = options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal
  return { ...options, signal }
}

const never = () => new Promise<never>(() => {})

/** Each builds once, and resolves or rejects when that has ended as far as its caller can tell. */
export const WAYS: Record<string, (one: Case) => Promise<unknown>> = {
  async done({ spec, folder, options }) {
    await build(spec, options)
      .on('progress', () => {})
      .toFolder(folder)
    rmSync(folder, { recursive: true })
  },
  async 'stream to its end'({ spec, options }) {
    const job = build(spec, options).on('progress', () => {})
    for await (const _ of job.stream()) {
    }
    await job.result
  },
  async 'cache that has lost all blocks'({ spec, folder, options }) {
    const cache = openBlockCache(join(folder, 'cache'))
    const losing: BlockCache = {
      get: async key => (key.startsWith('block:') ? undefined : cache.get(key)),
      put: (key, bytes) => cache.put(key, bytes),
    }
    try {
      for (const each of [cache, losing]) await build(spec, { ...options, cache: each }).writeTo(async () => {})
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  async fault({ faulty, folder, options }) {
    await build(faulty, options).toFolder(folder)
  },
  async 'fault of a stream'({ faulty, options }) {
    await build(faulty, options).writeTo(async () => {})
  },
  async 'abort before'({ spec, folder, options }) {
    await build(spec, { ...options, signal: AbortSignal.abort(new Enough()) }).toFolder(folder)
  },
  async abort(one) {
    await build(one.spec, aborting(one)).toFolder(one.folder)
    rmSync(one.folder, { recursive: true })
  },
  async 'abort in a report'({ spec, folder, options, chance }) {
    const controller = new AbortController()
    let reports = chance(20)
    const onProgress = () => {
      if (reports-- === 0) controller.abort(new Enough())
    }
    await build(spec, { ...options, signal: controller.signal })
      .on('progress', onProgress)
      .toFolder(folder)
    rmSync(folder, { recursive: true })
  },
  async 'fault in a report'({ spec, folder, options, chance }) {
    let reports = chance(20)
    const onProgress = () => {
      if (reports-- === 0) throw new Enough()
    }
    await build(spec, options).on('progress', onProgress).toFolder(folder)
    rmSync(folder, { recursive: true })
  },
  async break({ spec, options, chance }) {
    let chunks = chance(8)
    for await (const _ of build(spec, options).stream()) if (chunks-- === 0) break
  },
  async 'sink that throws'({ spec, options, chance }) {
    let chunks = chance(8)
    const write = async () => {
      if (chunks-- === 0) throw new Enough()
    }
    await build(spec, options).writeTo(write)
  },
  async 'sink that never ends'(one) {
    let chunks = one.chance(4)
    await build(one.spec, aborting(one)).writeTo(() => (chunks-- === 0 ? never() : Promise.resolve()))
  },
  async 'nobody reads on after the abort'(one) {
    const options = aborting(one)
    const stream = build(one.spec, options).stream()
    for (let chunks = one.chance(4); chunks >= 0; chunks--) if ((await stream.next()).done) return
    if (!options.signal.aborted) await new Promise(resolve => options.signal.addEventListener('abort', resolve))
  },
  async 'return while a read is under way'(one) {
    const stream = build(one.spec, one.options).stream()
    for (let chunks = one.chance(3); chunks > 0; chunks--) await stream.next()
    const reading = stream.next().catch(() => {})
    await wait(one.moment())
    await stream.return(undefined as never)
    await reading
  },
  async 'Readable destroyed'({ spec, options, moment }) {
    const readable = Readable.from(build(spec, options).stream(), { objectMode: false })
    readable.resume()
    await wait(moment())
    const closed = new Promise(resolve => readable.once('close', resolve))
    if (readable.closed) return
    readable.destroy()
    await closed
  },
  async 'ReadableStream cancelled'({ spec, options, moment, chance }) {
    const reader = ReadableStream.from(build(spec, options).stream()).getReader()
    for (let chunks = chance(4); chunks > 0; chunks--) await reader.read()
    const reading = reader.read()
    await wait(moment())
    await reader.cancel()
    await reading
  },
  async 'pipeline into a stream that fails'({ spec, options, chance }) {
    let chunks = chance(6)
    const sink = new Writable({ write: (_, __, done) => done(chunks-- === 0 ? new Enough() : null) })
    await pipeline(build(spec, options).stream(), sink)
  },
  async 'cache that never answers'(one) {
    const cache = { get: async () => (one.chance(3) === 0 ? never() : undefined), put: never }
    await build(one.spec, { ...aborting(one), cache }).toFolder(one.folder)
    rmSync(one.folder, { recursive: true })
  },
  async 'folder that cannot be written'({ spec, folder, options }) {
    await build(spec, options).toFolder(join('/proc', folder))
  },
}

/** Throws for a folder that is still there, though its build has failed. */
export function checkGone(folder: string): void {
  if (existsSync(folder)) throw new Error(`${folder} is left`)
}
