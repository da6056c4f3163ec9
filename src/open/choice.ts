import type { ByteString } from '../bytes/index.ts'
import type { ImageMember } from './members.ts'

/** Tells of paths whether they are those of some entries, or lie below them. */
export function chosenBy(members: readonly ImageMember[]): (path: ByteString) => boolean {
  const chosen = new Set<string>(members.map(({ path }) => path))
  if (chosen.has('')) return () => true
  return path => {
    if (chosen.has(path)) return true
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (chosen.has(path.slice(0, slash))) return true
    }
    return false
  }
}
