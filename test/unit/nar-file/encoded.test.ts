import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAccess, type NarFile, NarFileError, openNarFile, readNarFile } from '../../../src/nar-file/index.ts'
import { parseStorePath } from '../../../src/nix/index.ts'
import { COMPRESSIONS, compress } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { serve } from '../http/servers.ts'
import { narOfTree } from '../nix/nar-support.ts'

const NAR = Buffer.from(narOfTree({ contents: 'text '.repeat(50_000) }))

/** Reads the NAR in a file that a server sends as `body`. */
async function readNar(file: Pick<NarFile, 'compression'>, body: Uint8Array, encoding: string, path = '/x.nar') {
  const server = await serve((_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body))
  const access = createAccess({})
  onTestFinished(() => access.close())
  const wanted = { path: parseStorePath(storePathOf('path')), narSize: NAR.length }
  const place = { ...file, url: server.at(path).href }
  const bytes = (await openNarFile(access, place, wanted))!
  // Decoders may use the memory of a chunk again.
  const chunks: Buffer[] = []
  for await (const chunk of readNarFile(place, wanted, bytes)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

describe('a NAR file that comes with a Content-Encoding', () => {
  it.each(COMPRESSIONS)(
    'is read, whatever was done to it and whatever the server says of it: %s',
    async compression => {
      const file = compress(NAR, compression)
      const bodies: readonly (readonly [encoding: string, body: Uint8Array])[] = [
        ['gzip', gzipSync(file)],
        ['zstd', zstdCompressSync(file)],
        ['br', brotliCompressSync(file)],
        ['br, gzip', gzipSync(brotliCompressSync(file))],
        ['aws-chunked', file],
        // Servers that go by the name of a file name its own compression.
        ...(compression === 'none' ? [] : ([[compression, file]] as const)),
        // By its beginning it is the file; of brotli, nothing can be told.
        ...(compression === 'br' ? [] : ([['gzip', file]] as const)),
      ]
      for (const [encoding, body] of bodies)
        expect(NAR.equals(await readNar({ compression }, body, encoding))).toBe(true)
    },
  )

  it('that cannot be undone is named once, without its query', async () => {
    const body = Buffer.from('text')
    const error = await readNar({ compression: 'xz' }, body, 'compress', '/x.nar.xz?sig=SeCrEt').catch(error => error)
    expect(error).toBeInstanceOf(NarFileError)
    expect(error.message).toMatch(
      /^\/nix\/store\/\S+: http:\/\/\S+\/x\.nar\.xz\?\.\.\.: it comes with Content-Encoding compress, which/,
    )
    expect(error.message.match(/http:/g)).toHaveLength(1)
    expect(error.url).toMatch(/\/x\.nar\.xz\?\.\.\.$/)
  })
})
