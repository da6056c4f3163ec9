import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { build, type ImageSpec, type Progress, StoreError } from 'nspawn-rootfs'
import { createNarReader, parseStorePath } from 'nspawn-rootfs/nix'
import { encodeTarHeader, encodeText, TAR_BLOCK_SIZE } from 'nspawn-rootfs/tar'
import { decodeStreamHeader } from 'nspawn-rootfs/xz'

const demo = process.argv[2]!
const spec: ImageSpec = {
  toplevel: `${demo}/result`,
  source: {
    caches: [pathToFileURL(demo).href],
    trustedPublicKeys: [readFileSync(`${demo}/public-key`, 'utf8').trim()],
  },
  name: 'demo',
}

let last: Progress | undefined
const image = await build(spec, { workers: 2 })
  .on('progress', progress => (last = progress))
  .toFolder('api')
if (last?.bytesDone !== image.narSize) throw new Error('progress did not reach the end')

const hash = createHash('sha256')
let first: Uint8Array | undefined
for await (const chunk of build(spec).stream()) {
  first ??= chunk
  hash.update(chunk)
}
if (decodeStreamHeader(first!).check !== 'crc64') throw new Error('not the .xz that was expected')

try {
  await build({ ...spec, roots: ['/nowhere'] }).toFolder('api')
  throw new Error('a root outside of the store was accepted')
} catch (error) {
  if (!(error instanceof StoreError) || error.code !== 'ROOT_NOT_IN_STORE') throw error
}

// The byte strings of one entry are those of the others.
for (const event of createNarReader().push(new Uint8Array()))
  if (event.type === 'symlink')
    encodeTarHeader({ type: 'symlink', path: event.target, mode: 0o777, linkname: event.target })
parseStorePath(image.toplevel!)
if (encodeTarHeader({ type: 'directory', path: encodeText('etc'), mode: 0o755 }).length !== TAR_BLOCK_SIZE)
  throw new Error('tar')

console.log(JSON.stringify({ folder: image.sha256, stream: hash.digest('hex') }))
