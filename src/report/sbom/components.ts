/** The components of an image. */
import { narHashBytes, parseNarHash } from '../../nix/index.ts'
import { OpenError, type OpenedImage } from '../../open/index.ts'
import { REGISTRATION_FILE } from '../../stored-paths.ts'
import { type PackageName, parseVersionedName, splitStorePath } from '../package-name.ts'
import { createReferenceGraph, findRoots, neighbours } from '../reference-graph.ts'
import { readStored } from '../stored.ts'

/** A store path. */
export interface StoreComponent extends PackageName {
  readonly storePath: string
  /** The 32 digits of the store path. */
  readonly digest: string
  /** SHA-256 of its NAR in base 16. */
  readonly narSha256: string
  readonly narSize: number
  /** Store paths of the image that it refers to, without itself, in order. */
  readonly references: readonly string[]
}

/** An image. */
export interface ImageComponents {
  readonly name: string
  /** Absent without a manifest. */
  readonly sha256?: string
  readonly system?: string
  readonly toplevel?: string
  /** By store path. */
  readonly components: readonly StoreComponent[]
  /** Store paths that keep all others, in order: the toplevel, and those that no other one refers to. */
  readonly roots: readonly string[]
}

/** Lists the components of an image by its registration. Throws `OpenError` ENTRY_MISSING if it has none. */
export async function readComponents(image: OpenedImage, name: string | undefined): Promise<ImageComponents> {
  const { manifest } = image
  const { paths, toplevel } = await readStored(image)
  if (paths === undefined) throw new OpenError('ENTRY_MISSING', image.name, `has no /${REGISTRATION_FILE}`)
  const pathOf = (number: number) => paths[number].path
  const graph = createReferenceGraph(paths)
  const components = paths.map(({ path, narHash, narSize }, number): StoreComponent => {
    const { hash, name } = splitStorePath(path)
    return {
      ...parseVersionedName(name),
      storePath: path,
      digest: hash,
      narSha256: Buffer.from(narHashBytes(parseNarHash(narHash))).toString('hex'),
      narSize,
      references: Array.from(neighbours(graph.references, number), pathOf).sort(),
    }
  })
  const system = paths.findIndex(({ path }) => path === toplevel)
  const roots = findRoots(graph, system < 0 ? undefined : system)
  return {
    name: name ?? manifest?.name ?? 'image',
    ...(manifest && { sha256: manifest.artefacts[0].sha256 }),
    ...(manifest?.system !== undefined && { system: manifest.system }),
    ...(toplevel !== undefined && { toplevel }),
    components: components.sort((a, b) => (a.storePath < b.storePath ? -1 : 1)),
    roots: roots.map(pathOf).sort(),
  }
}

/**
 * The package URL of a store path. The type `nix` is not registered yet (package-url/purl-spec#877 proposes one by nixpkgs
 * attributes, which no image tells). This is the form of sbomnix and bombon, `pkg:nix/NAME@VERSION`, with the qualifiers of
 * syft, which tell store paths apart.
 */
export function purlOf({ name, version, output, digest }: StoreComponent): string {
  const qualifiers = [...(output === undefined ? [] : [`output=${encodePurl(output)}`]), `outputhash=${digest}`]
  return `pkg:nix/${encodePurl(name)}${version && `@${encodePurl(version)}`}?${qualifiers.join('&')}`
}

/** Percent-encodes all but letters, digits, `.`, `-`, `_`, `~` and `:` (purl-spec, "Character encoding"). */
function encodePurl(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}
