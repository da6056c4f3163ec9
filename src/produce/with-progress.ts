import type { FileChunk } from './assembling.ts'
import type { ProgressTeller } from './progress.ts'

/** Milliseconds between two tellings of how much is fetched. */
const TICK = 200

/** Passes chunks on, reports progress, and replaces any error that an abort causes by the reason of the abort. */
export async function* withProgress(
  chunks: AsyncIterable<FileChunk>,
  progress: ProgressTeller,
  signal: AbortSignal,
): AsyncGenerator<FileChunk> {
  const ticking = progress.onTick && setInterval(progress.onTick, TICK)
  const stopTicking = () => clearInterval(ticking)
  // Nobody may ever read on after an abort.
  signal.addEventListener('abort', stopTicking)
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted()
      yield chunk
      if (chunk.block) progress.onBlock(chunk.block)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    stopTicking()
    signal.removeEventListener('abort', stopTicking)
  }
}
