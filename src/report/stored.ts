import { posix } from 'node:path'
import type { ImageMember, OpenedImage } from '../open/index.ts'
import { REGISTRATION_FILE, readStoredPaths, type StoredPath } from '../stored-paths.ts'

/** The store paths of an image. */
export interface Stored {
  /** Its store paths by the manifest or the registration, each once; `undefined` if there is neither. */
  readonly paths: readonly StoredPath[] | undefined
  /** The store path of the NixOS system that starts. */
  readonly toplevel: string | undefined
}

/** Links that lead into the NixOS system, by preference: the one that is started, and the profile. */
const SYSTEM_LINKS = ['sbin/init', 'nix/var/nix/profiles/system']

/** Those, and the generation that a profile leads to in a machine that was switched. */
const SYSTEM_LINK = /^(?:sbin\/init|nix\/var\/nix\/profiles\/system(?:-\d+-link)?)$/

/** Links that are followed from one to the next. */
const LINKS_MAX = 4

/**
 * Reads the store paths of an image and finds its system. Without a manifest, the image is read once in order: to look paths up
 * would keep a table of them all. `visit` is then called with each entry. Throws `OpenError` OPEN_CORRUPT if the registration is
 * none.
 */
export async function readStored(image: OpenedImage, visit: (member: ImageMember) => void = () => {}): Promise<Stored> {
  if (image.manifest) return { paths: distinctPaths(await image.storePaths()), toplevel: image.manifest.toplevel }
  const targets = new Map<string, string | undefined>()
  let stored: StoredPath[] | undefined
  for await (const { member, contents } of image.walk()) {
    visit(member)
    // Of two entries with one path, the later counts.
    if (SYSTEM_LINK.test(member.path)) targets.set(member.path, member.target)
    if (member.path !== REGISTRATION_FILE || member.type !== 'file') continue
    stored = await readStoredPaths(member.size, contents(), image.name)
  }
  const systems = SYSTEM_LINKS.flatMap(link => systemAt(link, targets) ?? [])
  return { paths: stored && distinctPaths(stored), toplevel: systems[0] }
}

/** Store paths, each once. Of records with one path, the last counts, as for `nix-store --load-db`. */
export function distinctPaths(paths: readonly StoredPath[]): StoredPath[] {
  return [...new Map(paths.map(stored => [stored.path, stored])).values()]
}

/** The store path that links lead into. */
function systemAt(link: string, targets: ReadonlyMap<string, string | undefined>): string | undefined {
  let path = `/${link}`
  for (let links = 0; links < LINKS_MAX; links++) {
    const [start] = [...targets.keys()].filter(each => path === `/${each}` || path.startsWith(`/${each}/`))
    const target = start === undefined ? undefined : targets.get(start)
    if (start === undefined || target === undefined) return undefined
    path = posix.resolve('/', posix.dirname(start), target) + path.slice(start.length + 1)
    const [system] = /^\/nix\/store\/[^/]+/.exec(path) ?? []
    if (system !== undefined) return system
  }
  return undefined
}
