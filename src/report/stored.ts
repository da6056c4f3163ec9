import { NixError, parseRegistration } from '../nix/index.ts'
import { OpenError, type OpenedImage, type StoredPath } from '../open/index.ts'

/** What Nix has in an image. */
export interface Stored {
  /** Its store paths by the manifest or the registration; `undefined` if there is neither. */
  readonly paths: readonly StoredPath[] | undefined
  /** The store path of the NixOS system that starts. */
  readonly toplevel: string | undefined
}

const REGISTRATION = 'nix-path-registration'

/** Bytes of a registration that are read, as `openImage` does. */
const REGISTRATION_MAX = 64 * 1024 * 1024

/** Links that lead into the NixOS system, the better one first: that which is started, and that of its profile. */
const SYSTEM_LINKS = ['sbin/init', 'nix/var/nix/profiles/system']

/**
 * Reads the store paths of an image and finds its system. Without a manifest, the image is read once in order: to look paths up
 * would keep a table of them all. Throws `OpenError` OPEN_CORRUPT if the registration is none.
 */
export async function readStored(image: OpenedImage): Promise<Stored> {
  if (image.manifest) return { paths: await image.storePaths(), toplevel: image.manifest.toplevel }
  const targets = new Map<string, string | undefined>()
  let registration: Buffer | undefined
  for await (const { member, contents } of image.walk()) {
    // Of two entries with one path, the later counts.
    if (SYSTEM_LINKS.includes(member.path)) targets.set(member.path, member.target)
    if (member.path !== REGISTRATION || member.type !== 'file' || member.size > REGISTRATION_MAX) continue
    const pieces: Uint8Array[] = []
    for await (const piece of contents()) pieces.push(piece.slice())
    registration = Buffer.concat(pieces)
  }
  const systems = SYSTEM_LINKS.flatMap(link => /^\/nix\/store\/[^/]+/.exec(targets.get(link) ?? '') ?? [])
  return { paths: registration && parse(registration.toString()), toplevel: systems[0] }
}

function parse(registration: string): StoredPath[] {
  try {
    return parseRegistration(registration).map(({ path, references, narHash, narSize }) => ({
      path: path.path,
      narHash,
      narSize,
      references: references.map(reference => reference.path),
    }))
  } catch (error) {
    if (!(error instanceof NixError)) throw error
    throw new OpenError('OPEN_CORRUPT', 'the image', `/${REGISTRATION}: ${error.message}`, { cause: error })
  }
}
