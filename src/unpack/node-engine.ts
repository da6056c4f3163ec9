import type { Transform } from 'node:stream'
import type { ByteInput } from './byte-input.ts'
import { corrupt, truncated } from './errors.ts'

/** Bytes given to a decompressor of Node's at a time: each time another thread is asked. */
const WRITE_SIZE = 256 * 1024

/** Bytes that it gives at a time, for the same reason. */
const CHUNK_SIZE = 64 * 1024

/** A decompressor of Node's: `createGunzip` and its like. */
export type CreateEngine = (options: { readonly chunkSize: number }) => Transform & { readonly bytesWritten: number }

/**
 * Runs a decompressor of Node's to the end of its data, and gives back what lies behind. It reads one piece ahead, so
 * `input` must not give its memory again: it is a file or the body of an answer, never what the xz decoder lends. Throws
 * `UnpackError` with the message of Node's error, and what `input` throws.
 */
export async function* runEngine(input: ByteInput, create: CreateEngine): AsyncGenerator<Uint8Array> {
  const engine = create({ chunkSize: CHUNK_SIZE })
  let isCut = false
  let inputError: unknown
  let settle = () => {}
  // Where the data ends within a piece, nobody calls back for that piece.
  engine.on('close', () => settle())
  async function feed(): Promise<void> {
    let piece = await input.take(WRITE_SIZE)
    while (piece !== undefined) {
      // Read meanwhile. So a hash of the input covers it to its end, too, when the last piece turns out to be damaged.
      const ahead = input.take(WRITE_SIZE)
      ahead.catch(() => {})
      const before = engine.bytesWritten
      await new Promise<void>(resolve => {
        settle = resolve
        engine.write(piece, () => resolve())
      })
      const used = engine.bytesWritten - before
      const next = await ahead
      if (used < piece.length) {
        if (next !== undefined) input.unread(next)
        input.unread(piece.subarray(used))
        return
      }
      piece = next
    }
    isCut = true
    engine.end()
  }
  const fed = feed().catch(error => {
    inputError = error
    engine.destroy()
  })
  try {
    for await (const chunk of engine) yield chunk
    await fed
    if (inputError !== undefined) throw inputError
  } catch (error) {
    await fed
    if (inputError !== undefined) throw inputError
    const { message } = error as Error
    throw isCut ? truncated(message, error) : corrupt(message, error)
  } finally {
    engine.destroy()
  }
}
