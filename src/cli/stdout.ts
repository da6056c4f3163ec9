import { fstatSync, write as writeCallback, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
// Not by the index, which loads all of the library: this is loaded to print a version, too.
import { NspawnRootfsError } from '../nspawn-rootfs-error.ts'

const write = promisify(writeCallback)

/** Milliseconds to wait for a device that cannot take more now. */
const RETRY_AFTER = 2

/** Standard output cannot take what is written, or nobody reads it any more. */
export class StdoutError extends NspawnRootfsError<'STDOUT_FAILED' | 'STDOUT_CLOSED'> {}

/**
 * Writes to standard output; the bytes are free again when it resolves. Never blocks on a reader. Throws `StdoutError`.
 */
export async function writeToStdout(bytes: Uint8Array): Promise<void> {
  try {
    await (isStdoutRead() ? writeToReader(bytes) : writeToFile(bytes))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') {
      throw new StdoutError('STDOUT_CLOSED', 'standard output was closed before all was written')
    }
    throw unwritable(error)
  }
}

/**
 * Writes a text to standard output, or throws. Into a file not by the stream: that takes no notice if only a part was written, as
 * on a full disk.
 */
export function printToStdout(text: string): void {
  if (process.stdout.isTTY || isStdoutRead()) return void process.stdout.write(text)
  try {
    writeFileSync(process.stdout.fd, text)
  } catch (error) {
    throw unwritable(error)
  }
}

function unwritable(error: unknown): StdoutError {
  return new StdoutError('STDOUT_FAILED', `standard output cannot be written: ${(error as Error).message}`)
}

/**
 * By the stream, which waits for a full pipe with epoll. Node has made the pipe non-blocking, so a write by file descriptor
 * would need a timer for every full pipe: into `sha256sum`, a tar of 275 MB then takes 6.0 s instead of 1.5.
 */
function writeToReader(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, error => (error ? reject(error) : resolve()))
  })
}

/** By file descriptor: the stream throws away what goes to a block device. */
async function writeToFile(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += (await write(process.stdout.fd, bytes, at, bytes.length - at, null)).bytesWritten
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await setTimeout(RETRY_AFTER)
    }
  }
}

/** Whether another process reads standard output as it is written. */
export function isStdoutRead(): boolean {
  const kind = fstatSync(process.stdout.fd)
  return kind.isFIFO() || kind.isSocket()
}

/**
 * Appends bytes that cannot continue an image of any format. Importers do not notice if a file just ends: systemd 252 imports a
 * `.tar.xz` that was cut between two blocks.
 */
export async function spoilStdout(): Promise<void> {
  // If it cannot be written to, it was closed, or full: the reader has got what there is.
  await writeToStdout(new Uint8Array(4096).fill(0xff)).catch(() => {})
}
