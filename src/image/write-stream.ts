/** Hands out the bytes of an image that is being built, without the files beside it. */
import { createHash } from 'node:crypto'
import { abortable } from '../abortable.ts'
import { type BlockMap, createBlockMap } from './block-map.ts'
import type { RestartingBuild } from './restarting-build.ts'
import { type ImageResult, resultOf } from './result.ts'

/** Yields copies of an image file's bytes, and returns its result. */
export async function* readStream(
  building: RestartingBuild,
): AsyncGenerator<Uint8Array<ArrayBuffer>, ImageResult, void> {
  const file = createFileRecord()
  for await (const chunk of building.chunks()) {
    file.add(chunk)
    yield new Uint8Array(chunk.bytes)
  }
  return file.resultOf(building)
}

/** Hands an image file's bytes to `write`, and returns its result. */
export async function writeStream(
  building: RestartingBuild,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<ImageResult> {
  const file = createFileRecord()
  for await (const chunk of building.chunks()) {
    const { bytes } = chunk
    const { length } = bytes
    const written = abortable(() => write(bytes), building.signal)
    try {
      // A chunk that was detached is empty, and would be hashed as nothing.
      if (bytes.length < length) throw detached()
      // Hashed while the writer waits for its reader.
      file.add(chunk)
    } catch (error) {
      written.catch(() => {})
      throw error
    }
    await written
    if (bytes.length < length) throw detached()
  }
  return file.resultOf(building)
}

function detached(): TypeError {
  return new TypeError('write: it detached a chunk, which is only lent to it; transfer a copy, or read from stream()')
}

/** Records the bytes of a file that somebody else keeps. */
function createFileRecord() {
  const map: BlockMap = createBlockMap()
  const hash = createHash('sha256')
  return {
    add(chunk: Parameters<BlockMap['add']>[0]) {
      map.add(chunk)
      hash.update(chunk.bytes)
    },
    resultOf({ attempt }: RestartingBuild): ImageResult {
      const { name, container } = attempt.image
      const digest = { file: `${name}${container.suffix}`, size: map.size, sha256: hash.digest('hex') }
      return resultOf(attempt, [digest], map.layout)
    },
  }
}
