import { startDelivery } from './delivery.ts'
import type { BuildOptions } from './produce.ts'
import type { ImageSpec } from './spec.ts'
import { type ImageSummary, summarize } from './summary.ts'

/**
 * Builds an image as a stream: the bytes of the file that `buildImage` would write, and nothing beside it. Building
 * begins with the first read and goes only a few blocks ahead; whoever stops reading stops it. A fault ends the stream
 * with an error, as `buildImage` rejects with: what was read until then is no image. Every chunk belongs to the reader.
 */
export async function* streamImage(
  spec: ImageSpec,
  options: BuildOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, ImageSummary> {
  const delivery = await startDelivery(spec, options)
  try {
    let size = 0
    for await (const { bytes } of delivery.chunks()) {
      size += bytes.length
      yield new Uint8Array(bytes)
    }
    return summarize(delivery.run, size)
  } finally {
    await delivery.close()
  }
}

/**
 * Builds an image and hands it to `write`, chunk by chunk, like {@link streamImage} but without a copy: a chunk may be
 * read only until the promise that `write` returns is settled.
 */
export async function writeImage(
  spec: ImageSpec,
  write: (bytes: Uint8Array) => Promise<void>,
  options: BuildOptions = {},
): Promise<ImageSummary> {
  const delivery = await startDelivery(spec, options)
  try {
    let size = 0
    for await (const { bytes } of delivery.chunks()) {
      await write(bytes)
      size += bytes.length
    }
    return summarize(delivery.run, size)
  } finally {
    await delivery.close()
  }
}
