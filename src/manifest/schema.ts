/**
 * The form of a manifest, as a JSON schema (2020-12). From it follow the type `ImageManifest` (see declaration.config.ts), the
 * check of what is read, and the file that the package ships. It is no schema of zod: to load that and to parse a manifest of
 * 1,100 store paths with it takes 230 ms, and this takes 45.
 */
import { FORMATS } from '../compression.ts'
import type { Shape } from './shape.ts'

const SHA256 = '^[0-9a-f]{64}$'
const BASE_NAME = '[0-9a-df-np-sv-z]{32}-[0-9a-zA-Z+._?=-]{1,211}'
const STORE_PATH = `^(/[!-.0-~]+)+/${BASE_NAME}$`

const bytes = (description: string) =>
  ({ description, type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) as const
const sha256 = (description: string) => ({ description, type: 'string', pattern: SHA256 }) as const

/** The schema. */
export const MANIFEST_SCHEMA = {
  type: 'object',
  required: [
    ...['version', 'builder', 'name', 'format', 'compression', 'artefacts', 'tarSize', 'storePaths', 'segments'],
    ...['blocks', 'framing'],
  ],
  properties: {
    version: {
      description:
        'Version of this form. Fields may be added to a version; a reader refuses versions it does not know.',
      const: 1,
    },
    builder: { description: 'The library that made the image, and its version.', type: 'string' },
    name: { description: 'Name of the image.', type: 'string' },
    system: {
      description: 'Such as `x86_64-linux`; absent if neither the spec nor the toplevel says.',
      type: 'string',
    },
    format: { description: 'Format of the image file.', enum: FORMATS },
    compression: { description: 'The encoder and what shapes its output.', type: 'string' },
    toplevel: {
      description: 'The store path of the NixOS system, if the image has one.',
      type: 'string',
      pattern: STORE_PATH,
    },
    artefacts: {
      description: 'The files delivered, the image first. The manifest is not among them.',
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['file', 'size', 'sha256'],
        properties: {
          file: { description: 'Name, without its folder.', type: 'string', pattern: '^[^/]+$' },
          size: bytes('Bytes.'),
          sha256: sha256('SHA-256 in lower-case base 16.'),
        },
      },
    },
    tarSize: bytes('Bytes of tar.'),
    storePaths: {
      description: 'The store paths, in the order of the image, as its registration has them.',
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'narHash', 'narSize', 'references'],
        properties: {
          path: { description: 'Such as `/nix/store/HASH-NAME`.', type: 'string', pattern: STORE_PATH },
          narHash: {
            description: 'NAR hash: `sha256:` and Nix base 32.',
            type: 'string',
            pattern: '^sha256:[0-9a-df-np-sv-z]{52}$',
          },
          narSize: bytes('Bytes of the NAR.'),
          references: {
            description:
              'The store paths that it refers to, perhaps itself among them: `HASH-NAME`, sorted, as in a narinfo.',
            type: 'array',
            items: { type: 'string', pattern: `^${BASE_NAME}$` },
          },
        },
      },
    },
    segments: {
      description:
        'Runs of the tar, one after the other, from its first byte to its last: each is one store path, or entries outside of store paths.',
      type: 'array',
      items: {
        type: 'object',
        required: ['tarOffset', 'tarSize'],
        properties: {
          storePath: {
            description: 'The store path; absent for other entries, and the end of the archive.',
            type: 'string',
            pattern: STORE_PATH,
          },
          tarOffset: bytes('Where the run begins in the tar.'),
          tarSize: bytes('Bytes of tar.'),
        },
      },
    },
    blocks: {
      description: 'The blocks of the image file, in order. They and the framing together are all of its bytes.',
      type: 'array',
      items: {
        type: 'object',
        required: ['offset', 'size', 'tarOffset', 'tarSize'],
        properties: {
          offset: bytes('Where the block begins in the image file.'),
          size: bytes('Bytes of the block in the image file.'),
          tarOffset: bytes('Where its data begin in the tar.'),
          tarSize: bytes('Bytes of tar in it.'),
          sha256: sha256(
            'SHA-256 of the block as it stands in the image file, in lower-case base 16; absent in a plain tar.',
          ),
        },
      },
    },
    framing: {
      description:
        'Runs of the image file that are in no block, in order: the header in front of the blocks, the index and footer behind them.',
      type: 'array',
      items: {
        type: 'object',
        required: ['offset', 'size', 'sha256'],
        properties: {
          offset: bytes('Where the run begins in the image file.'),
          size: bytes('Bytes.'),
          sha256: sha256('SHA-256 in lower-case base 16.'),
        },
      },
    },
  },
} as const satisfies Shape

/** The JSON schema (2020-12) of manifests, the files `NAME.manifest.json` that a build writes beside an image. */
export function manifestJsonSchema(): object {
  const { $schema, title } = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'nspawn-rootfs manifest',
  }
  return structuredClone({ $schema, title, ...MANIFEST_SCHEMA })
}
