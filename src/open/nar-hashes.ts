/** The NAR hashes of store paths in an archive, from their entries. */
import type { ByteString } from '../bytes/index.ts'
import { createNarHasher } from '../nar-hasher.ts'
import { type NarHash, NixError } from '../nix/index.ts'
import { isExecutable } from '../tree/index.ts'
import type { ImageMember, MemberInPlace } from './members.ts'

/** A store path that was read. */
export interface HashedPath {
  /** Its path without `/` in front: `nix/store/NAME`. */
  readonly path: ByteString
  /** Absent where its entries make no NAR: their names are not in order, or one is something that a NAR does not hold. */
  readonly narHash?: NarHash
  readonly narSize?: number
}

const IN_STORE = /^nix\/store\/[^/]+/

/** Hashes the store paths among `members`, whose entries follow each other. */
export async function* hashStorePaths(members: AsyncIterable<MemberInPlace>): AsyncGenerator<HashedPath> {
  let nar: NarOfMembers | undefined
  for await (const { member, contents } of members) {
    const path = member.path.match(IN_STORE)?.[0]
    if (nar?.path !== path) {
      if (nar) yield nar.end()
      nar = path === undefined ? undefined : createNar(path)
    }
    await nar?.add(member, contents)
  }
  if (nar) yield nar.end()
}

interface NarOfMembers {
  readonly path: ByteString
  add(member: ImageMember, contents: () => AsyncIterable<Uint8Array>): Promise<void>
  end(): HashedPath
}

function createNar(path: ByteString): NarOfMembers {
  const writer = createNarHasher()
  /** The directories that the next member may lie in, innermost last. */
  const open: ByteString[] = []
  let isNar = true
  /** Does what the writer refuses if it makes no NAR. */
  const attempt = (write: () => void) => {
    if (!isNar) return
    try {
      write()
    } catch (error) {
      if (!(error instanceof NixError)) throw error
      isNar = false
    }
  }

  function begin(member: ImageMember): void {
    const slash = member.path.lastIndexOf('/')
    const folder = member.path.slice(0, slash)
    while (open.length > 0 && open.at(-1) !== folder) {
      writer.endDirectory()
      open.pop()
    }
    if (member.path !== path) writer.entry(member.path.slice(slash + 1))
    if (member.type === 'symlink') writer.symlink(member.target!)
    else if (member.type === 'file') writer.regular(isExecutable(member.mode), member.size)
    else if (member.type === 'directory') {
      writer.directory()
      open.push(member.path)
    } else isNar = false
  }

  return {
    path,
    async add(member, contents) {
      attempt(() => begin(member))
      if (isNar && member.type === 'file') for await (const piece of contents()) attempt(() => writer.data(piece))
    },
    end() {
      let nar: Pick<HashedPath, 'narHash' | 'narSize'> = {}
      attempt(() => {
        while (open.pop() !== undefined) writer.endDirectory()
        nar = writer.end()
      })
      return { path, ...nar }
    },
  }
}
