import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { NspawnRootfsError } from '../../../src/index.ts'
import { extract, openImage } from '../../../src/open/index.ts'
import { rawEntry, rawPax } from '../../raw-tar.ts'
import type { Target } from '../target.ts'
import { exampleTars, mendTar, target as tar } from './tar.ts'
import { mendXz, xzOf } from './xz.ts'

/** Contents that are read of an image: a few bytes may stand for very many. */
const READ_MAX = 2 ** 22

const isXz = (bytes: Uint8Array) => bytes[0] === 0xfd

/** Lists an image, reads what it lists, and extracts it. Throws `NspawnRootfsError` only. */
async function lookInto(input: Uint8Array): Promise<void> {
  await using image = await openImage({
    size: input.length,
    read: async (offset, length) => input.slice(offset, offset + length),
  })
  let entries = 0
  for await (const { path } of image.members()) {
    if (++entries > 100) break
    assert.ok(!/^\/|^\.\/|\/$/.test(path) || path.length > 4095)
  }
  for await (const { contents } of image.walk()) {
    let size = 0
    for await (const piece of contents()) {
      size += piece.length
      if (size > READ_MAX) break
    }
    if (--entries < 0) break
  }
}

async function extractInto(input: Uint8Array): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-fuzz-'))
  try {
    const read = async (offset: number, length: number) => input.slice(offset, offset + length)
    await using image = await openImage({ size: input.length, read })
    await extract(image, { to: join(folder, 'to') })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const target: Target = {
  about: 'images that are listed, read and extracted',
  seeds() {
    const tars = exampleTars()
    const sparse = Buffer.concat([
      rawPax({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '900', 'GNU.sparse.name': 's' }),
      rawEntry({
        name: 's',
        data: Buffer.concat([Buffer.from('1\n100\n3\n').subarray(0), Buffer.alloc(504), Buffer.from('abc')]),
      }),
      Buffer.alloc(1024),
    ])
    return [
      ...tars,
      sparse,
      Buffer.concat([
        rawPax({ 'GNU.sparse.map': '0,3,600,1', 'GNU.sparse.size': '700' }),
        rawEntry({ name: 's', data: 'abcd' }),
      ]),
      xzOf(tars[0]),
      gzipSync(tars[0]),
      zstdCompressSync(tars[1]),
    ]
  },
  words: [...(tar.words ?? []), ...['GNU.sparse.map=', 'GNU.sparse.realsize=', '0,1', '1\n0\n1\n']],
  mend: bytes => (isXz(bytes) ? mendXz(bytes) : mendTar(bytes)),
  async run(input) {
    for (const work of [lookInto, extractInto]) {
      try {
        await work(input)
      } catch (error) {
        if (!(error instanceof NspawnRootfsError)) throw error
      }
    }
  },
}
