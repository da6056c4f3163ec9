import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createExportReader, type ExportedPath, narHashFromBytes } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import { exportOf, u64 } from '../../unit/nix/export-support.ts'
import { assertCutAnywhere } from '../oracles.ts'
import type { Target } from '../target.ts'
import { exampleNars } from './nar.ts'
import { PATH } from './narinfo.ts'

function read(pieces: readonly Uint8Array[]): ExportedPath[] {
  const reader = createExportReader()
  const paths = pieces.flatMap(piece => reader.push(piece))
  reader.end()
  return paths
}

const path = `/nix/store/${PATH}`

/** What `nix-store --export` writes: all of it but old signatures follows from what is read. */
export const target: Target = {
  about: 'exports of nix-store --export, held against a writer',
  seeds() {
    const [file, , link, folder, tree] = exampleNars() as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    return [
      exportOf(),
      exportOf({ nar: file, path }),
      exportOf({ nar: tree, path, references: [path, path], deriver: `${path}.drv` }, { nar: link, path }),
      exportOf({ nar: folder, path, signature: 'old' }),
    ]
  },
  words: [u64(0), u64(1), u64(0x4558494e), u64(2 ** 40), encodeNarStrings(path), ...exampleNars()],
  async run(input) {
    const outcome = await assertCutAnywhere(input, read)
    if (!('value' in outcome)) return
    const narOf = ({ narOffset, narSize }: ExportedPath) => input.subarray(narOffset, narOffset + narSize)
    for (const each of outcome.value) {
      assert.equal(each.narHash, narHashFromBytes(createHash('sha256').update(narOf(each)).digest()))
    }
    const written = exportOf(
      ...outcome.value.map(each => ({
        nar: narOf(each),
        path: each.path.path,
        references: each.references.map(reference => reference.path),
        deriver: each.deriver?.path,
      })),
    )
    if (written.length === input.length) assert.deepEqual(written, input)
    else assert.ok(written.length < input.length)
  },
}
