import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, inject, onTestFinished } from 'vitest'
import { createBinaryCache, serveCache, stallAt } from '../binary-cache.ts'
import { bulk, createNixosStore } from '../nixos-store.ts'
import { temporaryFolder } from '../temporary.ts'
import type { EndingsPlan, EndingsReport } from './plan.ts'

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url))

/** Expects that a process which builds so many images, and ends them in all ways, has nothing more afterwards than before. */
export async function expectNothingLeft(seed: number, builds: number): Promise<void> {
  const folder = temporaryFolder()
  const store = createNixosStore(folder)
  const large = store.add('large', bulk(9))
  const roots = [large]
  const damaged = createNixosStore(makeFolder(folder, 'damaged'))
  const path = damaged.add('wrong', bulk(4))
  damaged.register(path, { narHash: `sha256:${'0'.repeat(64)}`, narSize: 4_000_000, references: [] })
  const cache = createBinaryCache(makeFolder(folder, 'binary-cache'))
  cache.addStore(store, { compression: 'zstd' })
  const [sound, other] = [await serveCache(cache.folder), await serveCache(cache.folder)]
  // Every seventh file stops in the middle: only its client can end that.
  let files = 0
  const stalling = await serveCache(cache.folder, ({ path }) =>
    path.startsWith('nar/') && files++ % 7 === 0 ? stallAt(1000) : undefined,
  )
  const { trustedPublicKeys } = cache.source
  const plan: EndingsPlan = {
    seed,
    builds,
    workerUrl: join(inject('bundle'), 'worker.js'),
    folder: makeFolder(folder, 'program'),
    sound: [
      { source: store.source, roots },
      { source: sound.source, roots },
      // A NAR that can be had from two caches is held in a file first.
      { source: { caches: [sound.url, other.url], trustedPublicKeys }, roots },
    ],
    faulty: [
      { source: damaged.source },
      { source: { closureInfo: join(folder, 'nowhere') } },
      { source: sound.source, roots: [`/nix/store/${'0'.repeat(32)}-none`] },
      { source: store.source, entries: [{ type: 'file', path: '/nix/store/x', contents: '' }] },
      { source: { ...stalling.source, stallTimeout: 50 }, roots },
    ],
  }
  const { code, stdout, stderr } = await run(plan)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const { before, after, ends, strange } = JSON.parse(stdout) as EndingsReport
  expect(strange).toEqual([])
  expect(after, JSON.stringify(ends)).toEqual(before)
  expect(after.files).toEqual([])
}

function makeFolder(...parts: readonly [string, ...string[]]): string {
  const folder = join(...parts)
  mkdirSync(folder)
  return folder
}

async function run(plan: EndingsPlan) {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(plan)], {
    env: { PATH: process.env.PATH, TMPDIR: join(plan.folder, 'tmp') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  // For a test that is over before its program.
  onTestFinished(() => void child.kill())
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}
