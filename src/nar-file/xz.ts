import { createXzDecoder } from '../xz/index.ts'

type Bytes = AsyncIterable<Uint8Array>

/**
 * Unpacks an .xz file, going no further than it is read. Its checks are not computed: the hash of the NAR says the same. Throws
 * `XzError`, and a plain `Error` for bytes behind its end.
 */
export async function* unpackXz(bytes: Bytes): Bytes {
  const decoder = createXzDecoder({ verifyData: false })
  try {
    for await (const chunk of bytes) yield* decoder.push(chunk)
    decoder.end()
    if (decoder.behind > 0) throw new Error(`${decoder.behind} bytes behind its end are no part of it`)
  } finally {
    decoder.close()
  }
}
