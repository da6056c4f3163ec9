import { abortable } from '../abortable.ts'
import { startDelivery } from './delivery.ts'
import { withAbsolutePaths } from './paths.ts'
import type { BuildOptions } from './produce.ts'
import type { ImageSpec } from './spec.ts'
import { type ImageSummary, summarize } from './summary.ts'

/**
 * Builds an image as a stream: the bytes of the file that `buildImage` would write, and nothing beside it. Building
 * begins with the first read and goes only a few blocks ahead; whoever stops reading stops it. A fault ends the stream
 * with an error, as `buildImage` rejects with: what was read until then is no image. Every chunk belongs to the reader.
 */
export function streamImage(
  spec: ImageSpec,
  options: BuildOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, ImageSummary> {
  const ending = new AbortController()
  const stream = createStream(withAbsolutePaths(spec), options, ending)
  const end = stream.return.bind(stream)
  // A generator's own takes effect only once a read that is under way has ended.
  stream.return = summary => {
    ending.abort()
    return end(summary)
  }
  return stream
}

async function* createStream(
  spec: ImageSpec,
  options: BuildOptions,
  ending: AbortController,
): AsyncGenerator<Uint8Array<ArrayBuffer>, ImageSummary> {
  const delivery = await startDelivery(spec, options, ending)
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
 * read only until the promise that `write` returns is settled. An abort does not wait for that promise.
 */
export async function writeImage(
  spec: ImageSpec,
  write: (bytes: Uint8Array) => Promise<void>,
  options: BuildOptions = {},
): Promise<ImageSummary> {
  const delivery = await startDelivery(withAbsolutePaths(spec), options)
  try {
    let size = 0
    for await (const { bytes } of delivery.chunks()) {
      await abortable(() => write(bytes), delivery.signal)
      size += bytes.length
    }
    return summarize(delivery.run, size)
  } finally {
    await delivery.close()
  }
}
