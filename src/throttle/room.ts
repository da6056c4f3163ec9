import { openServer, type ThrottleMemory } from './memory.ts'

/**
 * Files that may be fetched from a server ahead of their need: fewer than its window, so that the file that is needed
 * finds its place; `Infinity` while the server limits nothing.
 */
export function roomAt(memory: ThrottleMemory, origin: string): number {
  const { window } = openServer(memory, origin).read()
  return window === 0 ? Number.POSITIVE_INFINITY : Math.floor(window) - 1
}
