import { writeU64le } from '../../../src/bytes/index.ts'
import { createExportReader, type ExportedPath } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'

/** What a test puts into an export; all of it as it is written, a character a byte. */
export interface TestPath {
  readonly nar: Uint8Array
  readonly path: string
  readonly references?: readonly string[]
  readonly deriver?: string
  /** A signature as old versions of Nix wrote it. */
  readonly signature?: string
}

/** 64 bits. */
export function u64(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8)
  writeU64le(bytes, 0, value)
  return bytes
}

/** The pieces of a path in an export, in their order: the mark, the NAR, the mark behind it, and so on. */
export function piecesOfPath({ nar, path, references = [], deriver = '', signature }: TestPath): Uint8Array[] {
  const signed = signature === undefined ? [u64(0)] : [u64(1), encodeNarStrings(signature)]
  return [
    u64(1),
    nar,
    u64(0x4558494e),
    encodeNarStrings(path),
    u64(references.length),
    encodeNarStrings(...references),
    encodeNarStrings(deriver),
    ...signed,
  ]
}

/** What `nix-store --export` writes. */
export function exportOf(...paths: TestPath[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([...paths.flatMap(piecesOfPath), u64(0)]))
}

/** The paths of an export that is pushed in pieces that end at the given offsets. */
export function pathsOfExport(bytes: Uint8Array, cuts: readonly number[] = []): ExportedPath[] {
  const reader = createExportReader()
  const paths: ExportedPath[] = []
  let from = 0
  for (const to of [...cuts, bytes.length]) {
    // A copy that is overwritten afterwards shows whether the reader keeps what it does not own.
    const chunk = new Uint8Array(bytes.subarray(from, to))
    paths.push(...reader.push(chunk))
    chunk.fill(0xee)
    from = to
  }
  reader.end()
  return paths
}
