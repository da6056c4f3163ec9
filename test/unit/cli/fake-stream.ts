import type { WriteStream } from 'node:tty'

/** A terminal, or a file, that keeps what is written to it. */
export function createFakeStream(isTTY: boolean, { columns = 80, colours = true } = {}) {
  const written: string[] = []
  const stream = {
    isTTY,
    columns,
    writable: true,
    getColorDepth: () => (colours ? 8 : 1),
    hasColors: () => colours,
    // Node's styleText asks for what a stream has.
    on() {},
    once() {},
    emit() {},
    end() {},
    pipe() {},
    write: (text: string) => written.push(text) > 0,
  }
  return { stream: stream as unknown as WriteStream, written }
}
