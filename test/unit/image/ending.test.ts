import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, FORMATS, type ImageBuild } from '../../../src/index.ts'
import { bulk, createNixosStore, type NixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
let store: NixosStore
beforeEach(() => {
  folder = temporaryFolder()
  store = createNixosStore(folder)
  store.add('large', bulk(20))
})
const reason = new Error('enough')

describe.each(FORMATS)('a build of %s', format => {
  const spec = () => ({ source: store.source, format, level: 0 })

  it('that is aborted before it begins rejects with the reason', async () => {
    const signal = AbortSignal.abort(reason)
    await expect(build(spec(), { signal }).toFolder(join(folder, 'out'))).rejects.toBe(reason)
    await expect(build(spec(), { signal }).writeTo(async () => {})).rejects.toBe(reason)
    await expect(build(spec(), { signal }).stream().next()).rejects.toBe(reason)
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  it('that is aborted in the middle rejects with the reason and leaves nothing', async () => {
    const controller = new AbortController()
    const job = build(spec(), { signal: controller.signal }).on('progress', () => controller.abort(reason))
    await expect(job.toFolder(join(folder, 'out'))).rejects.toBe(reason)
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  it('that is aborted at its end still rejects, and leaves nothing', async () => {
    const controller = new AbortController()
    const out = join(folder, 'out')
    await expect(
      build(spec(), { signal: controller.signal })
        .on('progress', ({ bytesDone, bytesTotal, path }) => {
          if (bytesDone === bytesTotal && path === undefined) controller.abort(reason)
        })
        .toFolder(out),
    ).rejects.toBe(reason)
    expect(existsSync(out)).toBe(false)
  })

  it('rejects with what the one who writes throws', async () => {
    await expect(build(spec()).writeTo(() => Promise.reject(reason))).rejects.toBe(reason)
  })

  it('rejects with what the one who is told of progress throws', async () => {
    const job = build(spec()).on('progress', () => {
      throw reason
    })
    await expect(job.toFolder(join(folder, 'out'))).rejects.toBe(reason)
    expect(readdirSync(folder)).not.toContain('out')
  })

  it.each([0, 50])('rejects if the promise of a listener rejects, %d ms after the end', async delay => {
    const out = join(folder, 'out')
    const job = build(spec()).on('progress', async ({ bytesDone, bytesTotal, path }) => {
      if (bytesDone < bytesTotal || path !== undefined) return
      await setTimeout(delay)
      throw reason
    })
    await expect(job.toFolder(out)).rejects.toBe(reason)
    await expect(job.result).rejects.toBe(reason)
    expect(existsSync(out)).toBe(false)
  })

  it('rejects if a listener throws at the end', async () => {
    const job = build(spec()).on('progress', ({ bytesDone, bytesTotal, path }) => {
      if (bytesDone === bytesTotal && path === undefined) throw reason
    })
    await expect(job.writeTo(async () => {})).rejects.toBe(reason)
  })

  it('rejects by a listener though its stream is not read on', async () => {
    const { promise, reject } = Promise.withResolvers<void>()
    const job = build(spec()).on('progress', () => promise)
    const stream = job.stream()
    await stream.next()
    reject(reason)
    await expect(job.result).rejects.toBe(reason)
    await expect(stream.next()).rejects.toBe(reason)
  })

  it('is ended by a listener that waits for its end', async () => {
    const job = build(spec())
    job.on('progress', async () => {
      await job[Symbol.asyncDispose]()
    })
    await expect(job.toFolder(join(folder, 'out'))).rejects.toThrow(/aborted/)
  })

  it.each<[string, (job: ImageBuild) => Promise<unknown>]>([
    ['toFolder', job => job.toFolder(join(folder, 'out'))],
    ['writeTo', job => job.writeTo(async () => {})],
    [
      'stream',
      async job => {
        for await (const _ of job.stream());
      },
    ],
  ])('tells listeners that come after the call of %s, too', async (_, begin) => {
    const job = build(spec())
    const ended = begin(job)
    let calls = 0
    job.on('progress', () => calls++)
    await ended
    expect(calls).toBeGreaterThan(1)
  })

  it('whose reader breaks out stops its threads, so that the process can end', () => {
    const script = `
      import { build } from ${JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href)}
      for await (const chunk of build(${JSON.stringify(spec())}, { workers: 2 }).stream()) break
      console.log('out of the loop')`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      ...{ encoding: 'utf8', timeout: 25_000 },
    })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'out of the loop\n', stderr: '' })
  })
})

it.each([0, 50])('a writer that detaches a chunk after %d ms is told that it is only lent', async delay => {
  const job = build({ source: store.source, level: 0 }, { cache: false }).writeTo(async bytes => {
    if (delay > 0) await setTimeout(delay)
    structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] })
  })
  await expect(job).rejects.toThrow(/^write: it detached a chunk, which is only lent/)
  await expect(job).rejects.toBeInstanceOf(TypeError)
})

it('a build makes what it was asked for, though what it was given is changed then', async () => {
  const make = async (change: number) => {
    const contents = new Uint8Array(1000)
    const text = Buffer.from('[Service]\n'.padEnd(100, '#'))
    const units = { 'a.service': { text } }
    const entries = [{ type: 'file', path: '/etc/x', contents }] as const
    const job = build({ source: store.source, entries, systemd: { units, gettys: false } })
    contents.fill(change)
    if (change > 0) text.fill('#')
    return (await job.writeTo(async () => {})).sha256
  }
  expect(await make(1)).toBe(await make(0))
})

it('a reader that breaks out leaves no thread running', () => {
  // The kernel's own count: more than Node's four threads for files would be workers that were left.
  const script = `
    import { readdirSync } from 'node:fs'
    import { build } from ${JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href)}
    const before = readdirSync('/proc/self/task').length
    const spec = ${JSON.stringify({ source: store.source, format: 'tar' })}
    for await (const chunk of build(spec, { workers: 12 }).stream()) break
    console.log(readdirSync('/proc/self/task').length - before)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(stdout).toMatch(/^-?\d+\n$/)
  expect(Number(stdout)).toBeLessThanOrEqual(4)
})

it('a stream that is never read starts no thread and needs no end', () => {
  const stream = build({ source: store.source }).stream()
  expect(stream[Symbol.asyncIterator]()).toBe(stream)
})
