import { createHash } from 'node:crypto'
import {
  type ContentCheck,
  createGitHash,
  createModuloHash,
  type HashAlgorithm,
  type NarEvent,
  type StorePath,
} from '../nix/index.ts'

/** Holds the contents of a NAR against a content address, as they pass. */
export interface ContentChecker {
  /** Takes the next bytes of the NAR. */
  bytes(chunk: Uint8Array): void
  /** Takes what those bytes say. */
  event(event: NarEvent): void
  /** The fault of the contents; `undefined` if there is none. */
  problem(): string | undefined
}

const OTHER_CONTENTS = 'its contents are not those that its content address names'

/** Begins to check the contents of a store path. */
export async function createContentChecker(path: StorePath, check: ContentCheck): Promise<ContentChecker> {
  const { over, algorithm, digest } = check
  const say = (isRight: boolean) => (isRight ? undefined : OTHER_CONTENTS)
  if (over === 'nar-without-self') {
    const hash = createModuloHash(algorithm, path.digest)
    return {
      bytes: chunk => hash.update(chunk),
      event() {},
      problem: () => say(hash.digests().some(found => Buffer.from(found).equals(digest))),
    }
  }
  if (over === 'git') {
    const hash = createGitHash(algorithm === 'sha1' ? 'sha1' : 'sha256')
    return {
      bytes() {},
      event: event => hash.take(event),
      problem() {
        const found = hash.digest()
        if (found) return say(Buffer.from(found).equals(digest))
        return 'a content address of git does not say of a lone file that it is executable or a symlink: have it signed'
      },
    }
  }
  const hash = await createHasher(algorithm)
  const isRight = () => Buffer.from(hash.digest()).equals(digest)
  if (over === 'nar') return { bytes: chunk => hash.update(chunk), event() {}, problem: () => say(isRight()) }
  let first = true
  let fits = true
  return {
    bytes() {},
    event(event) {
      if (first) fits = event.type === 'regular' && !event.executable
      first = false
      if (event.type === 'data') hash.update(event.bytes)
    },
    problem: () => say(fits && isRight()),
  }
}

interface Hasher {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

async function createHasher(algorithm: HashAlgorithm): Promise<Hasher> {
  if (algorithm !== 'blake3') return createHash(algorithm)
  // node:crypto lacks it. In WebAssembly, since in JavaScript it is ten times slower (550 and 50 MB/s).
  const { createBLAKE3 } = await import('hash-wasm')
  const hash = (await createBLAKE3()).init()
  return { update: bytes => hash.update(bytes), digest: () => hash.digest('binary') }
}
