/** Files with keys or signatures: packets (RFC 9580, section 10), or blocks of armor (section 6) with any text between them. */
import type { Key } from 'openpgp'

/** Reads all keys in a file. */
export async function readAllKeys(bytes: Buffer): Promise<Key[]> {
  const { readKeys } = await import('openpgp')
  const blocks = armorBlocks(bytes, /^-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----/gm)
  if (blocks.length === 0) return readKeys({ binaryKeys: new Uint8Array(bytes) })
  return (await Promise.all(blocks.map(armoredKeys => readKeys({ armoredKeys })))).flat()
}

/** Cuts armored text in front of each line `begin`: OpenPGP.js reads only the first block of a text. */
function armorBlocks(bytes: Buffer, begin: RegExp): string[] {
  const text = bytes.toString('latin1')
  const starts = Array.from(text.matchAll(begin), ({ index }) => index)
  return starts.map((start, i) => text.slice(start, starts[i + 1]))
}
