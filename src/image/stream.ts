import { createSizes } from './packing.ts'
import { prepareImage } from './prepare.ts'
import { type BuildOptions, produceImage } from './produce.ts'
import type { ImageSpec } from './spec.ts'
import { type ImageSummary, summarize } from './summary.ts'

/** An image file as a stream of bytes, to be read once. Every chunk belongs to the reader. */
export interface ImageStream extends AsyncIterable<Uint8Array<ArrayBuffer>> {
  /** Set when the last byte was read. */
  readonly summary: ImageSummary | undefined
}

/**
 * Builds an image as a stream: the bytes of the file that `buildImage` would write, and nothing beside it. Building
 * begins with the first read and goes no further ahead than a few blocks; whoever stops reading stops it. A fault ends
 * the stream with an error as `buildImage` rejects with: what was read until then is no image.
 */
export function streamImage(spec: ImageSpec, options: BuildOptions = {}): ImageStream {
  let summary: ImageSummary | undefined
  const read = async function* () {
    const prepared = await prepareImage(spec, options.signal)
    const sizes = createSizes()
    let size = 0
    for await (const { bytes } of produceImage(prepared, sizes, options)) {
      size += bytes.length
      yield new Uint8Array(bytes)
    }
    summary = summarize(prepared, sizes, size)
  }
  const chunks = read()
  return {
    get summary() {
      return summary
    },
    [Symbol.asyncIterator]: () => chunks,
  }
}
