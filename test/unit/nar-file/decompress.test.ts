import { brotliCompressSync, constants } from 'node:zlib'
import { expect, it } from 'vitest'
import { decompress } from '../../../src/nar-file/decompress.ts'
import { compress } from '../../binary-cache.ts'

async function unpacked(file: Uint8Array, stated: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const bytes = (async function* () {
    yield file
  })()
  for await (const chunk of decompress(bytes, stated, undefined)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

it('brotli may begin with the short mark of another format', async () => {
  const contents = Buffer.alloc(2188, 'ab c')
  const file = brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } })
  expect(file.toString('hex', 0, 3)).toBe('1f8b08')
  expect((await unpacked(file, 'br')).equals(contents)).toBe(true)
})

it.each(['gzip', 'xz', 'bzip2', 'br'] as const)(
  'what lies behind %s data is refused, unless it is padding',
  async name => {
    const contents = Buffer.from('some text')
    const file = compress(contents, name)
    const garbage = unpacked(Buffer.concat([file, Buffer.from('garbage')]), name)
    await expect(garbage).rejects.toThrow(`cannot be unpacked as ${name}: 7 bytes behind its end are no part of it`)
    const padded = unpacked(Buffer.concat([file, Buffer.alloc(8)]), name)
    if (name === 'bzip2' || name === 'br') await expect(padded).rejects.toThrow(/: 8 bytes behind its end/)
    else expect((await padded).equals(contents)).toBe(true)
  },
)
