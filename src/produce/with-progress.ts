import type { FileChunk } from './assembling.ts'
import type { ProgressTeller } from './progress.ts'

/** Milliseconds between two tellings of how much is fetched. */
const TICK = 200

/** Passes chunks on, reports progress, and replaces any error that an abort causes by the reason of the abort. */
export async function* withProgress(
  chunks: AsyncIterable<FileChunk>,
  progress: ProgressTeller | undefined,
  ending: AbortController,
): AsyncGenerator<FileChunk> {
  const { signal } = ending
  const tick = () => {
    try {
      progress?.onTick?.()
    } catch (error) {
      // Thrown from a timer, it would end the process.
      ending.abort(error)
    }
  }
  const ticking = progress?.onTick && setInterval(tick, TICK)
  const stopTicking = () => clearInterval(ticking)
  // Nobody may ever read on after an abort.
  signal.addEventListener('abort', stopTicking)
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted()
      yield chunk
      if (chunk.block) progress?.onBlock(chunk.block)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    stopTicking()
    signal.removeEventListener('abort', stopTicking)
  }
}
