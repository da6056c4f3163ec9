import type { Container } from './container.ts'

const EMPTY = new Uint8Array(0)

/** `.tar`: the tar bytes as they are. */
export const plainContainer: Container = {
  suffix: '.tar',
  blockSize: 1024 * 1024,
  describe: () => 'none',
  createAssembler: () => ({ begin: () => EMPTY, add() {}, end: () => EMPTY }),
}
