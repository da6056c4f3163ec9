/** What a server gives that nobody vouches for: many answer any request with a page, such as one to log in. */
import { parseManifest } from '../manifest/index.ts'
import { TAR_BLOCK_SIZE } from '../tar/index.ts'
import { detectCompression } from '../unpack/index.ts'
import { decodeTarHeader } from '../untar/index.ts'

/** Bytes at the beginning of an image that {@link imageFault} looks at. */
export const IMAGE_HEAD_SIZE = TAR_BLOCK_SIZE

/** Why a file that begins with these bytes is no image, as words about its URL; `undefined` if it may be one. */
export function imageFault(head: Uint8Array): string | undefined {
  if (detectCompression(head) !== 'none') return undefined
  // An archive without entries begins with zeros.
  const isTar =
    head.length === TAR_BLOCK_SIZE && (head.every(byte => byte === 0) || decodeTarHeader(head) !== undefined)
  if (isTar) return undefined
  const what = /^\s*</.test(Buffer.from(head).toString('latin1')) ? 'a web page and no image' : 'no tar archive'
  return `is ${what}; check the URL, and what the server asks for`
}

/** Whether this is a manifest. */
export function isManifest(bytes: Uint8Array): boolean {
  return parseManifest(Buffer.from(bytes).toString()) !== undefined
}

/** Whether these may be settings: a section comes first, but for comments (systemd.syntax(7)). Lines with faults are for others. */
export function isSettings(bytes: Uint8Array): boolean {
  const lines = Buffer.from(bytes).toString().split('\n')
  const first = lines.map(line => line.trim()).find(line => !/^([#;]|$)/.test(line))
  return first === undefined || first.startsWith('[')
}
