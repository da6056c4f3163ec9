import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { expect, it } from 'vitest'
import { through } from '../../src/through.ts'

it('keeps a fault for whoever reads later', async () => {
  const gunzip = createGunzip()
  const bytes = through(Readable.from([Buffer.from('1f8b08', 'hex')]), gunzip)
  await new Promise(resolve => gunzip.on('close', resolve))
  await expect(buffer(bytes)).rejects.toThrow('unexpected end of file')
})
