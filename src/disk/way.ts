import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A folder, symlink or file on the way to a path. */
export interface Step {
  readonly place: string
  readonly found: Stats
  /** Whether the path ends here, unless this is a symlink. */
  readonly isLast: boolean
}

/** As many symlinks as Linux follows in a path. */
export const LINKS_MAX = 40

/** The files that a path leads through from `/` on, with symlinks and their targets, as far as they exist and may be read. */
export function* wayTo(path: string): Generator<Step> {
  // A descriptor leads to one folder for good, whatever lies on the way to that.
  const [start] = /^\/proc\/self\/fd\/\d+/.exec(path) ?? ['/']
  // Not resolved: with a symlink in front of "..", that would be another way.
  const whole = path.startsWith('/') ? path : `${process.cwd()}/${path}`
  const names = partsOf(whole.slice(start.length))
  let place = start
  let links = 0
  for (;;) {
    const found = lookAt(place, place === start ? statSync : lstatSync)
    if (found === undefined) return
    yield { place, found, isLast: names.length === 0 }
    if (found.isSymbolicLink()) {
      if (++links > LINKS_MAX) return
      const target = readlinkSync(place)
      names.unshift(...partsOf(target))
      place = target.startsWith('/') ? '/' : dirname(place)
    }
    const name = names.shift()
    if (name === undefined) return
    place = name === '..' ? dirname(place) : join(place, name)
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.')
}

function lookAt(place: string, look: typeof lstatSync): Stats | undefined {
  try {
    return look(place, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
