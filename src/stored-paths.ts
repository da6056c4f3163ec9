import { byteString } from './bytes/index.ts'
import { OpenError } from './image-source/index.ts'
import { NixError, parseRegistration } from './nix/index.ts'

/** A store path of an image. */
export interface StoredPath {
  /** Such as `/nix/store/HASH-NAME`. */
  readonly path: string
  /** `sha256:` and Nix base 32. */
  readonly narHash: string
  /** Bytes of the NAR. */
  readonly narSize: number
  /** The store paths that it refers to, perhaps itself among them. */
  readonly references: readonly string[]
}

/** The file in an image that lists its store paths: from it, Nix in the machine learns of them. */
export const REGISTRATION_FILE = byteString`nix-path-registration`

/**
 * Bytes of it that are read: some 30,000 store paths, five times as many as the largest systems have. The shortest names let
 * more fit in, whose number is bounded, too: they take 4 kB of memory each.
 */
export const REGISTRATION_MAX = 16 * 1024 * 1024
const STORE_PATHS_MAX = 50_000

/** Reads the registration of an image. Throws `OpenError`: OPEN_CORRUPT if it is invalid, OPEN_UNSUPPORTED if it is too long. */
export async function readStoredPaths(
  size: number,
  contents: AsyncIterable<Uint8Array>,
  image: string,
): Promise<StoredPath[]> {
  if (size > REGISTRATION_MAX) {
    const what = `/${REGISTRATION_FILE} has ${size} bytes, more than the ${REGISTRATION_MAX} that are read; give its manifest`
    throw new OpenError('OPEN_UNSUPPORTED', image, what)
  }
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let registration = ''
  for await (const piece of contents) registration += decoder.decode(piece, { stream: true })
  registration += decoder.decode()
  try {
    const records = parseRegistration(registration, undefined, STORE_PATHS_MAX + 1)
    if (records.length > STORE_PATHS_MAX) {
      const what = `/${REGISTRATION_FILE} lists more than the ${STORE_PATHS_MAX} store paths that are read; give its manifest`
      throw new OpenError('OPEN_UNSUPPORTED', image, what)
    }
    return records.map(({ path, narHash, narSize, references }) => ({
      path: path.path,
      narHash,
      narSize,
      references: references.map(reference => reference.path),
    }))
  } catch (error) {
    if (!(error instanceof NixError)) throw error
    throw new OpenError('OPEN_CORRUPT', image, `/${REGISTRATION_FILE}: ${error.message}`, { cause: error })
  }
}
