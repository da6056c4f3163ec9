import { fstatSync, write, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { NspawnRootfsError } from '../index.ts'

const writeLater = promisify(write)

/** Milliseconds to wait for a full pipe that someone else has made non-blocking. */
const RETRY_AFTER = 2

/** Standard output cannot take the image. */
class StdoutError extends NspawnRootfsError {
  readonly code = 'STDOUT_FAILED'
}

/**
 * Writes to standard output; the bytes are free again when it resolves. By file descriptor, because `process.stdout`
 * blocks the main thread on a pipe, and throws away what goes to a block device.
 */
export async function writeToStdout(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += await writeSome(bytes, at)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN') await setTimeout(RETRY_AFTER)
      else if (code === 'EPIPE') throw new StdoutError('standard output was closed before the image was complete')
      else throw new StdoutError(`standard output cannot be written: ${message}`)
    }
  }
}

/** On another thread if a reader may keep it waiting; a file or device is written sooner than a thread is asked. */
async function writeSome(bytes: Uint8Array, at: number): Promise<number> {
  const { fd } = process.stdout
  return isStdoutRead() ? (await writeLater(fd, bytes, at)).bytesWritten : writeSync(fd, bytes, at)
}

/** Whether another process reads standard output as it is written. */
export function isStdoutRead(): boolean {
  const kind = fstatSync(process.stdout.fd)
  return kind.isFIFO() || kind.isSocket()
}

/**
 * Ends what was written with bytes that no format of an image can go on with. Importers do not notice if a file just
 * ends: systemd 252 calls a `.tar.xz` that was cut between two blocks imported.
 */
export async function spoilStdout(): Promise<void> {
  // If it cannot be written to, it was closed, or full: the reader has got what there is.
  await writeToStdout(new Uint8Array(4096).fill(0xff)).catch(() => {})
}
