/** Names from an image as messages show them: in one line, no character raw that a terminal obeys, and cut off if long. */
import { type ByteString, decodeText } from '../bytes/index.ts'
import { printable, quoted } from '../printable.ts'
import type { Resolution } from '../tree/index.ts'

/** The longest name that is shown whole. */
const SHOWN_MAX = 300

/** A name, such as where a symlink leads. */
export function shown(name: ByteString): string {
  const text = printable(decodeText(name.slice(0, SHOWN_MAX)))
  return name.length <= SHOWN_MAX ? text : `${text}…`
}

/** A path in the image, from `/` on. */
export function shownPath(path: ByteString): string {
  return `/${shown(path.replace(/^\/+/, ''))}`
}

/** A name in quotes. */
export function shownQuoted(name: ByteString): string {
  return quoted(decodeText(name.slice(0, SHOWN_MAX))) + (name.length <= SHOWN_MAX ? '' : '…')
}

/** The symlinks that a path leads through; of a loop the first. */
export function shownLinks({ links, problem }: Resolution): string[] {
  const some = problem === 'loop' ? links.slice(0, 3) : links
  return some.map(({ path, target }) => `${shownPath(path)} -> ${shown(target)}`)
}

/** The same, and where the path ends. */
export function shownWay(found: Resolution): string {
  return [...shownLinks(found), shownPath(found.path)].join(', ')
}
