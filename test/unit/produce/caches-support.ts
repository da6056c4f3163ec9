import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { build, type ClosureSource, type ImageSpec } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'
import type { Tree } from '../nix/nar-support.ts'

/** Some data that compresses, and is not the same everywhere. */
export const TEXT = Array.from({ length: 20_000 }, (_, i) => (i * i).toString(36)).join(' ')
export const TREE: Tree = {
  children: { bin: { children: { tool: { contents: TEXT, executable: true } } }, link: { symlink: 'bin' } },
}

/** The tar of an image as one buffer. */
export async function tarOf(spec: ImageSpec): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of build({ format: 'tar', ...spec }, { workers: 2 }).stream()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Builds what must fail, and sees that nothing is left. */
export async function failureOf(
  source: ClosureSource,
  root: string,
): Promise<Error & { code?: string; path?: string; url?: string }> {
  const out = join(temporaryFolder(), 'new', 'out')
  const error = await build({ roots: [root], source, name: 'x', format: 'tar' }, { workers: 2 })
    .toFolder(out)
    .then(
      () => new Error('it was built'),
      (error: Error) => error,
    )
  expect(readdirSync(join(out, '../..'))).toEqual([])
  return error
}
