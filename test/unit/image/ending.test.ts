import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, FORMATS } from '../../../src/index.ts'
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
