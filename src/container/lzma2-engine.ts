/**
 * An LZMA2 encoder: the bytes of a block in, its LZMA2 chunks with their end marker out, in order. `dictionarySize` is
 * what a decoder has to hold; the encoder looks back no further.
 */
export type Lzma2Engine = (
  bytes: Uint8Array,
  level: number,
  dictionarySize: number,
) => Promise<Uint8Array<ArrayBuffer>[]>

/** Bytes given to the native encoder at a time, so that it need not hold a second copy of the block. */
const STEP = 1024 * 1024

/** lzma-rust2, native code, through `@napi-rs/lzma`. */
export const nativeLzma2: Lzma2Engine = async (bytes, preset, dictSize) => {
  // Loaded where it is used: neither the main thread nor a plain tar needs native code.
  const { Lzma2Compressor } = await import('@napi-rs/lzma')
  const encoder = new Lzma2Compressor({ preset, dictSize })
  const pieces: Uint8Array<ArrayBuffer>[] = []
  const keep = (piece: Uint8Array) => {
    // A copy: what the encoder returns may be a view of more memory, all of which would be posted to another thread.
    if (piece.length > 0) pieces.push(new Uint8Array(piece))
  }
  for (let at = 0; at < bytes.length; at += STEP) keep(encoder.update(bytes.subarray(at, at + STEP)))
  keep(await encoder.finish())
  return pieces
}

/**
 * Makes the native encoder give its memory back. Its allocator (mimalloc) keeps what was freed, for every thread: two
 * threads that encoded three blocks each at level 6 held 393 MiB, and 202 MiB with this. It takes its settings from the environment of
 * the process, when it is loaded; only the main thread can change that.
 */
export function prepareNativeLzma2(): void {
  process.env.MIMALLOC_PURGE_DELAY ??= '0'
}

/** The engine and its version, for the manifest (a test holds it to package.json). */
export const NATIVE_LZMA2 = '@napi-rs/lzma 1.5.3'
