import { beforeEach, describe, expect, it } from 'vitest'
import { build, NarFileError } from '../../../src/index.ts'
import { planImage } from '../../../src/plan/plan.ts'
import { startThreads } from '../../../src/pool/index.ts'
import type { VerifyTask } from '../../../src/produce/worker.ts'
import { openClosure } from '../../../src/store/index.ts'
import { openServer } from '../../../src/throttle/index.ts'
import { hashOf, narUrl, secretKey, sendStatus } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { narOfTree } from '../nix/nar-support.ts'
import {
  addClosure,
  built,
  createThreeCaches,
  failureOf,
  flipAt,
  isNar,
  sourceOf,
  streamed,
  type ThreeCaches,
  treeOf,
} from '../produce/failover-support.ts'

let { caches, servers } = {} as ThreeCaches
beforeEach(async () => {
  ;({ caches, servers } = await createThreeCaches())
})

describe('another build of a store path', () => {
  /** The image of the first cache with the store path `lib` of the second. */
  async function expectOtherBuild(format: 'tar' | 'tar.xz'): Promise<void> {
    const roots = [addClosure([caches[0]!])]
    const extra = { references: [storePathOf('zlib')] }
    caches[1]!.add('lib', treeOf('another', 6_000_000), extra)
    caches[1]!.add('zlib', treeOf('zlib', 500))
    addClosure([caches[2]!])
    caches[2]!.add('lib', treeOf('another', 6_000_000), extra)
    caches[2]!.add('zlib', treeOf('zlib', 500))
    const expected = await streamed({ roots, source: sourceOf(servers[2]!), format })
    servers[0]!.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? flipAt(0.5) : undefined)
    const spec = { roots, source: sourceOf(servers[0]!, servers[1]!), format }
    expect((await streamed(spec)).equals(expected)).toBe(true)
    const { bytes, warnings } = await built(spec)
    expect(bytes.equals(expected)).toBe(true)
    expect(warnings).toEqual([expect.stringMatching(/lib: .*another build of it is used/s)])
  }

  it.each(['tar', 'tar.xz'] as const)('is taken where no cache gives the first: %s', async format => {
    await expectOtherBuild(format)
  })

  it('is taken only from who is trusted, and named', async () => {
    const roots = [addClosure([caches[0]!])]
    caches[1]!.add('lib', treeOf('another', 9000), { key: secretKey('stranger-1', 3) })
    servers[0]!.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? sendStatus(500) : undefined)
    const error = await failureOf({ roots, source: sourceOf(servers[0]!, servers[1]!) })
    expect(error).toMatchObject({ code: 'NAR_FILE_UNREADABLE', path: storePathOf('lib') })
    expect(error.message).toContain(servers[0]!.url)
    expect(error.message).toMatch(new RegExp(`${servers[1]!.url}.*signed by stranger-1`))
  })

  it('that cannot be had either ends the build, with what is wrong with both', async () => {
    const roots = [addClosure([caches[0]!])]
    caches[1]!.add('lib', treeOf('another', 9000))
    for (const [i, status] of [500, 501].entries()) {
      servers[i]!.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? sendStatus(status) : undefined)
    }
    const error = await failureOf({ roots, source: sourceOf(servers[0]!, servers[1]!) })
    expect(error.message).toMatch(new RegExp(`${servers[0]!.url}.*500.*\n.*${servers[1]!.url}.*501`))
  })

  it('is asked for though a thread was terminated that had the only turn of the server', async () => {
    for (const [i, contents] of ['one', 'two'].entries()) caches[i]!.add('path', { contents })
    const path = storePathOf('path')
    const { closure } = await openClosure(sourceOf(servers[0]!, servers[1]!), [path])
    openServer(closure.supply.access.throttle!, new URL(servers[0]!.url).origin).update(state => {
      state.window = 1
    })
    const asked = Promise.withResolvers<void>()
    servers[0]!.bend = ({ path }) => (isNar(path) ? () => asked.resolve() : undefined)
    const threads = startThreads(
      new URL('../../../src/produce/worker.ts', import.meta.url),
      1,
      new AbortController().signal,
    )
    const segments = planImage(closure, []).batches.flatMap(batch => batch.segments)
    const task: VerifyTask = { segments, supply: closure.supply }
    const job = threads.run('verify', task)
    await asked.promise
    await Promise.all([expect(job).rejects.toThrow(), threads.stop()])
    const fault = new NarFileError('NAR_FILE_MISSING', path, `${servers[0]!.url}nar`, 'gone')
    const [other] = planImage(await closure.otherBuild!(fault), []).batches
    expect(other!.segments[0]!.narHash).toBe(hashOf(narOfTree({ contents: 'two' })))
  })

  it('that would change what is in front of it is built into a folder, and refused in a stream', async () => {
    const names = Array.from({ length: 20 }, (_, i) => storePathOf(`long-${i}`)).sort()
    const [last, first] = [names.pop()!, names.shift()!]
    for (const path of names) caches[0]!.addNar(path, narOfTree(treeOf(path, 5_000_000)), { compression: 'none' })
    caches[0]!.addNar(last, narOfTree({ contents: 'one' }))
    const other = narOfTree({ contents: 'two' })
    caches[1]!.addNar(last, other, { references: [first] })
    caches[1]!.addNar(first, narOfTree({ contents: 'first' }))
    servers[0]!.bend = ({ path }) => (path === narUrl(last) ? sendStatus(501) : undefined)
    const spec = { roots: [...names, last], source: sourceOf(servers[0]!, servers[1]!), format: 'tar' } as const
    const { bytes } = await built(spec)
    expect(bytes.includes(first.slice(1))).toBe(true)
    expect(hashOf(bytes)).toBe(hashOf((await built(spec)).bytes))
    const slow = async () => {
      for await (const _ of build(spec, { workers: 1 }).stream()) await new Promise(resolve => setTimeout(resolve, 20))
    }
    await expect(slow()).rejects.toMatchObject({ code: 'STREAM_OUTDATED', path: last })
  })
})
