import type { Container } from './container.ts'

/** `.tar`: the tar bytes as they are. */
export const plainContainer: Container = {
  suffix: '.tar',
  blockSize: 1024 * 1024,
  description: 'none',
}
