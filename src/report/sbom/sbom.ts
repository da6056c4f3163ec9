import { type Check, objectOf, oneOf, someText } from '../../arguments.ts'
import type { OpenedImage } from '../../open/index.ts'
import { checkImage } from '../opened.ts'
import { readComponents } from './components.ts'
import { type CycloneDxDocument, formatCycloneDx } from './cyclonedx.ts'
import { formatSpdx, type SpdxDocument } from './spdx.ts'

/** The forms of a software bill of materials: CycloneDX 1.6 and SPDX 2.3. */
export const SBOM_FORMATS = ['cyclonedx', 'spdx'] as const

/** A form of a software bill of materials. */
export type SbomFormat = (typeof SBOM_FORMATS)[number]

/** Options of a software bill of materials. */
export interface SbomOptions {
  /** Default: `cyclonedx`. */
  readonly format?: SbomFormat
  /** The name of the image. Default: that in its manifest, or else `image`. */
  readonly name?: string
  /** When it was created, to the second. Default: CycloneDX has no time then, and SPDX, which needs one, has 1970-01-01. */
  readonly created?: Date
}

const date: Check = (value, name) => {
  if (!(value instanceof Date)) throw new TypeError(`${name}: give a Date`)
  const year = value.getUTCFullYear()
  // Others do not have the form that both formats ask for.
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`${name}: give a Date of the years 0 to 9999`)
}

const checkOptions = objectOf({ format: oneOf(SBOM_FORMATS), name: someText, created: date })

/**
 * Writes a software bill of materials of an image: its store paths with their versions, NAR hashes and references. It is plain
 * data for JSON, and the same for the same image, options and version of this library. Throws `OpenError` ENTRY_MISSING if
 * no store paths are registered in the image.
 */
export async function createSbom(
  image: OpenedImage,
  options: SbomOptions & { readonly format: 'spdx' },
): Promise<SpdxDocument>
export async function createSbom(
  image: OpenedImage,
  options?: SbomOptions & { readonly format?: 'cyclonedx' },
): Promise<CycloneDxDocument>
export async function createSbom(image: OpenedImage, options?: SbomOptions): Promise<CycloneDxDocument | SpdxDocument>
export async function createSbom(
  image: OpenedImage,
  options: SbomOptions = {},
): Promise<CycloneDxDocument | SpdxDocument> {
  checkImage(image, 'image')
  checkOptions(options, 'options')
  const { format, name, created } = options
  const components = await readComponents(image, name)
  return format === 'spdx' ? formatSpdx(components, created) : formatCycloneDx(components, created)
}
