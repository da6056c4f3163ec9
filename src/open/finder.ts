/** Finds entries of an image by their paths, as the machine would: symlinks and hard links are followed. */
import { flag, objectOf, text } from '../arguments.ts'
import { type ByteString, byteString, decodeText, encodeText } from '../bytes/index.ts'
import { OpenError, type OpenErrorCode } from '../image-source/index.ts'
import { type ImageNode, resolvePath } from '../tree/index.ts'
import { normalizePath } from '../untar/index.ts'
import type { MemberLookup } from './lookup.ts'
import type { ImageMember } from './members.ts'

/** How to look for an entry. */
export interface MemberOptions {
  /** Whether a symlink at the end of the path is followed, too. Default true. */
  readonly follow?: boolean
}

const checkOptions = objectOf({ follow: flag })

/** Hard links that are followed for one file: a hostile image may have some that lead to each other. */
const HARD_LINKS_MAX = 4

/** Makes a finder by a lookup, which follows no links. */
export function createFinder(lookup: MemberLookup, name: string, signal: AbortSignal) {
  const fail = (code: OpenErrorCode, what: string) => new OpenError(code, name, what)

  /** Where a path leads, and what stands there. */
  const resolve = (path: ByteString) => resolvePath(async at => nodeOf(await lookup.find(at)), path)

  /** The entry at a path; `undefined` if there is none. */
  async function find(path: string, options: MemberOptions = {}): Promise<ImageMember | undefined> {
    text(path, 'path')
    checkOptions(options, 'options')
    const { follow = true } = options
    signal.throwIfAborted()
    const wanted = encodeText(path).replace(/\/+$/, '')
    const slash = wanted.lastIndexOf('/')
    const [way, last] = follow ? [wanted, undefined] : [wanted.slice(0, slash + 1), wanted.slice(slash + 1)]
    const { path: end, node } = await resolve(way)
    if (node === undefined) return undefined
    if (last === undefined || last === '' || last === '.' || last === '..') return lookup.find(end)
    return node.type === 'directory' ? lookup.find(end === '' ? last : byteString`${end}/${last}`) : undefined
  }

  /** The file that an entry is, or is another name of. */
  async function fileOf(start: ImageMember): Promise<ImageMember> {
    let member = start
    for (let links = 0; member.type === 'hardlink' && links < HARD_LINKS_MAX; links++) {
      const next = await lookup.find(normalizePath(member.target ?? member.path))
      if (next === undefined) throw fail('ENTRY_MISSING', `has no /${decodeText(member.target!)}, a hard link's file`)
      member = next
    }
    const path = decodeText(member.path)
    if (member.type === 'file') return member
    throw fail('ENTRY_WITHOUT_CONTENTS', `/${path} is a ${member.type}, and has no contents`)
  }

  return { resolve, find, fileOf }
}

/** What stands at a path, for following links. */
function nodeOf(member: ImageMember | undefined): ImageNode | undefined {
  if (member === undefined) return undefined
  const { type, mode, target } = member
  return type === 'symlink' ? { type, target: target as ByteString } : { type, mode }
}
