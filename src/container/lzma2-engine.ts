/**
 * An LZMA2 encoder: the bytes of a block in, its LZMA2 chunks with their end marker out, in order. `dictionarySize` is
 * what a decoder has to hold; the encoder looks back no further.
 */
export type Lzma2Engine = (bytes: Uint8Array, level: number, dictionarySize: number) => Promise<Uint8Array[]>

/** Bytes given to the native encoder at a time, so that it need not hold a second copy of the block. */
const STEP = 1024 * 1024

/** What the one-shot form of the native encoder is fixed to. */
const ONE_SHOT = { preset: 6, dictionarySize: 8 * 1024 * 1024 }

/**
 * lzma-rust2, native code, through `@napi-rs/lzma`. Its two forms write the same bytes. The one-shot form runs where it
 * is called; the other frees its memory, 100 MB and more, on a thread of its own choice, and the allocator then keeps it
 * for the thread that it came from: with two workers a gigabyte and more. So the one-shot form, where it fits.
 */
export const nativeLzma2: Lzma2Engine = async (bytes, preset, dictSize) => {
  // Loaded where it is used: neither the main thread nor a plain tar needs native code.
  const { lzma2, Lzma2Compressor } = await import('@napi-rs/lzma')
  if (preset === ONE_SHOT.preset && dictSize === ONE_SHOT.dictionarySize) return [lzma2.compressSync(bytes)]
  const encoder = new Lzma2Compressor({ preset, dictSize })
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += STEP) pieces.push(encoder.update(bytes.subarray(at, at + STEP)))
  pieces.push(await encoder.finish())
  return pieces
}

/** The engine and its version, for the manifest (a test holds it to package.json). */
export const NATIVE_LZMA2 = '@napi-rs/lzma 1.5.3'
