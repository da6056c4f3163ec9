/** SPDX 2.3 in JSON (ISO/IEC 5962). What is not known is said: NOASSERTION. */
import { VERSION } from '../../version.ts'
import { type ImageComponents, purlOf, type StoreComponent } from './components.ts'
import { uuidOf } from './uuid.ts'

/** A package: the image or a store path. */
export interface SpdxPackage {
  readonly SPDXID: string
  readonly name: string
  readonly versionInfo?: string
  readonly downloadLocation: 'NOASSERTION'
  readonly filesAnalyzed: false
  readonly licenseConcluded: 'NOASSERTION'
  readonly licenseDeclared: 'NOASSERTION'
  readonly copyrightText: 'NOASSERTION'
  readonly primaryPackagePurpose: 'APPLICATION' | 'CONTAINER' | 'FILE' | 'OPERATING-SYSTEM'
  readonly checksums?: readonly { readonly algorithm: 'SHA256'; readonly checksumValue: string }[]
  readonly externalRefs?: readonly {
    readonly referenceCategory: 'PACKAGE-MANAGER'
    readonly referenceType: 'purl'
    readonly referenceLocator: string
  }[]
  readonly sourceInfo?: string
  readonly comment?: string
}

/** A document of SPDX 2.3. */
export interface SpdxDocument {
  readonly spdxVersion: 'SPDX-2.3'
  readonly dataLicense: 'CC0-1.0'
  readonly SPDXID: 'SPDXRef-DOCUMENT'
  readonly name: string
  /** Follows from the rest of the document. */
  readonly documentNamespace: string
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[]; readonly comment: string }
  readonly packages: readonly SpdxPackage[]
  readonly relationships: readonly {
    readonly spdxElementId: string
    readonly relationshipType: 'DESCRIBES' | 'DEPENDS_ON'
    readonly relatedSpdxElement: string
  }[]
}

const DOCUMENT = 'SPDXRef-DOCUMENT'
const IMAGE = 'SPDXRef-Image'

/** SPDX asks for a time. Without one, this stands for none, as mtimes in a reproducible archive. */
const EPOCH = new Date(0)

const COMMENT =
  'Written from the registration of an image. Licenses, copyrights, suppliers and CPEs are not known. ' +
  'The dependencies are the references that Nix found in store paths. The type "nix" of package URLs is not registered.'

/** Fields that are known of no package. */
const UNKNOWN = {
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
} as const

/** Formats components as SPDX. */
export function formatSpdx(image: ImageComponents, created: Date = EPOCH): SpdxDocument {
  const { name, sha256, toplevel, components, roots } = image
  const ids = new Map(components.map(component => [component.storePath, idOf(component)]))
  const dependOn = (from: string, paths: readonly string[]) =>
    paths.map(path => relate(from, 'DEPENDS_ON', ids.get(path)!))
  const rest: Pick<SpdxDocument, 'creationInfo' | 'packages' | 'relationships'> = {
    creationInfo: {
      // SPDX has no fractions of a second.
      created: created.toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: [`Tool: nspawn-rootfs-${VERSION}`],
      comment: COMMENT,
    },
    packages: [
      {
        SPDXID: IMAGE,
        name,
        ...UNKNOWN,
        primaryPackagePurpose: 'CONTAINER',
        ...(sha256 !== undefined && { checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }] }),
      },
      ...components.map(component => packageOf(component, toplevel)),
    ],
    relationships: [
      relate(DOCUMENT, 'DESCRIBES', IMAGE),
      ...dependOn(IMAGE, roots),
      ...components.flatMap(component => dependOn(idOf(component), component.references)),
    ],
  }
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name,
    documentNamespace: `https://spdx.org/spdxdocs/${encodeURIComponent(name)}-${uuidOf(rest)}`,
    ...rest,
  }
}

function packageOf(component: StoreComponent, toplevel: string | undefined): SpdxPackage {
  const { storePath, name, version, narSha256, narSize } = component
  return {
    SPDXID: idOf(component),
    name,
    ...(version !== '' && { versionInfo: version }),
    ...UNKNOWN,
    primaryPackagePurpose: storePath === toplevel ? 'OPERATING-SYSTEM' : version === '' ? 'FILE' : 'APPLICATION',
    checksums: [{ algorithm: 'SHA256', checksumValue: narSha256 }],
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purlOf(component) },
    ],
    sourceInfo: storePath,
    // No file has this checksum.
    comment: `SHA256 is that of the NAR serialisation of ${storePath}, which has ${narSize} bytes.`,
  }
}

/** An identifier has letters, digits, "." and "-"; names of store paths have others, which the digest makes up for. */
function idOf({ storePath, digest }: StoreComponent): string {
  const name = storePath.slice(storePath.indexOf(digest) + digest.length)
  return `SPDXRef-${digest}${name.replace(/[^a-zA-Z0-9.-]/g, '.')}`
}

function relate(spdxElementId: string, relationshipType: 'DESCRIBES' | 'DEPENDS_ON', relatedSpdxElement: string) {
  return { spdxElementId, relationshipType, relatedSpdxElement }
}
