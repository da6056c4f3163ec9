import { pipeline, Readable, type Transform } from 'node:stream'

/** What `transform` makes of bytes; it goes no further than it is read. */
export function through(bytes: AsyncIterable<Uint8Array>, transform: Transform): AsyncIterable<Uint8Array> {
  // The pipeline hands every fault on to whoever reads the transform, and ends the source when that reader stops.
  pipeline(Readable.from(bytes, { objectMode: false }), transform, () => {})
  // A fault that comes before anybody reads would end the process.
  transform.on('error', () => {})
  return transform
}
