/** CycloneDX 1.6 in JSON (ECMA-424). Fields that it has no value for are left out, as the standard wants it. */
import { VERSION } from '../../version.ts'
import { type ImageComponents, purlOf, type StoreComponent } from './components.ts'
import { uuidOf } from './uuid.ts'

/** A named value; names in `nix:` are those of sbomnix where it has one. */
export interface CycloneDxProperty {
  readonly name: string
  readonly value: string
}

/** A component: the image, a store path, or this program. */
export interface CycloneDxComponent {
  readonly type: 'application' | 'container' | 'file' | 'operating-system'
  /** A store path, or `image`. */
  readonly 'bom-ref'?: string
  readonly name: string
  readonly version?: string
  readonly purl?: string
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[]
  readonly properties?: readonly CycloneDxProperty[]
}

/** A document of CycloneDX 1.6. */
export interface CycloneDxDocument {
  readonly $schema: string
  readonly bomFormat: 'CycloneDX'
  readonly specVersion: '1.6'
  /** Follows from the rest of the document. */
  readonly serialNumber: string
  readonly version: 1
  readonly metadata: {
    readonly timestamp?: string
    readonly tools: { readonly components: readonly CycloneDxComponent[] }
    readonly component: CycloneDxComponent
    readonly properties: readonly CycloneDxProperty[]
  }
  readonly components: readonly CycloneDxComponent[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

const IMAGE = 'image'

/** Formats components as CycloneDX. `created` is left out if it is not given. */
export function formatCycloneDx(image: ImageComponents, created: Date | undefined): CycloneDxDocument {
  const { name, sha256, system, toplevel, components, roots } = image
  const rest: Omit<CycloneDxDocument, '$schema' | 'bomFormat' | 'specVersion' | 'serialNumber'> = {
    version: 1,
    metadata: {
      ...(created && { timestamp: created.toISOString() }),
      tools: { components: [{ type: 'application', name: 'nspawn-rootfs', version: VERSION }] },
      component: {
        type: 'container',
        'bom-ref': IMAGE,
        name,
        ...(sha256 !== undefined && { hashes: [{ alg: 'SHA-256', content: sha256 }] }),
        properties: [
          ...(system === undefined ? [] : [{ name: 'nix:system', value: system }]),
          ...(toplevel === undefined ? [] : [{ name: 'nix:toplevel', value: toplevel }]),
        ],
      },
      properties: [
        { name: 'nspawn-rootfs:unknown', value: 'licenses' },
        { name: 'nspawn-rootfs:unknown', value: 'cpe' },
        { name: 'nspawn-rootfs:unknown', value: 'suppliers' },
      ],
    },
    components: components.map(component => componentOf(component, toplevel)),
    dependencies: [
      { ref: IMAGE, dependsOn: roots },
      ...components.map(({ storePath, references }) => ({ ref: storePath, dependsOn: references })),
    ],
  }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(rest)}`,
    ...rest,
  }
}

function componentOf(component: StoreComponent, toplevel: string | undefined): CycloneDxComponent {
  const { storePath, name, version, output, narSha256, narSize } = component
  return {
    type: storePath === toplevel ? 'operating-system' : version === '' ? 'file' : 'application',
    'bom-ref': storePath,
    name,
    ...(version !== '' && { version }),
    purl: purlOf(component),
    hashes: [{ alg: 'SHA-256', content: narSha256 }],
    properties: [
      { name: 'nix:output_path', value: storePath },
      ...(output === undefined ? [] : [{ name: 'nix:output', value: output }]),
      // No file has this hash.
      { name: 'nix:hash_of', value: 'NAR serialisation of the output path' },
      { name: 'nix:nar_size', value: String(narSize) },
    ],
  }
}
