import type { StorePath } from '../nix/index.ts'
import type { CachedPath } from './caches.ts'

/** Narinfos asked for at a time: over a network most of the time is waiting. */
const ASKED_AT_A_TIME = 64

/** Finds the closure of `roots`, each store path by the references of those found before. */
export async function walkClosure(
  find: (path: StorePath) => Promise<CachedPath>,
  roots: readonly StorePath[],
): Promise<CachedPath[]> {
  const seen = new Set<string>()
  const found: CachedPath[] = []
  const waiting: StorePath[] = []
  const note = (path: StorePath) => {
    if (seen.has(path.path)) return
    seen.add(path.path)
    waiting.push(path)
  }
  roots.forEach(note)
  await new Promise<void>((resolve, reject) => {
    let asked = 0
    const go = () => {
      if (waiting.length === 0 && asked === 0) resolve()
      while (waiting.length > 0 && asked < ASKED_AT_A_TIME) {
        asked++
        find(waiting.shift()!).then(path => {
          asked--
          found.push(path)
          path.info.references.forEach(note)
          go()
        }, reject)
      }
    }
    go()
  })
  return found
}
