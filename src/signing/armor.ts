/** Files with keys or signatures: packets (RFC 9580, section 10), or blocks of armor (section 6) with any text between them. */
import type { Key, Signature } from 'openpgp'

/** Reads all keys in a file. */
export async function readAllKeys(bytes: Buffer): Promise<Key[]> {
  const { readKeys } = await import('openpgp')
  const blocks = armorBlocks(bytes, /^-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----/gm)
  if (blocks.length === 0) return readKeys({ binaryKeys: new Uint8Array(bytes) })
  return (await Promise.all(blocks.map(armoredKeys => readKeys({ armoredKeys })))).flat()
}

/** Reads all signatures in a file. As with gpg, a block of something else makes it none of a detached signature. */
export async function readAllSignatures(bytes: Uint8Array): Promise<Signature> {
  const { readSignature } = await import('openpgp')
  const blocks = armorBlocks(Buffer.from(bytes), /^-----BEGIN PGP /gm)
  if (blocks.length === 0) return readSignature({ binarySignature: new Uint8Array(bytes) })
  const [first, ...others] = await Promise.all(blocks.map(armoredSignature => readSignature({ armoredSignature })))
  for (const { packets } of others) first!.packets.push(...packets)
  return first!
}

/** Cuts armored text in front of each line `begin`: OpenPGP.js reads only the first block of a text. */
function armorBlocks(bytes: Buffer, begin: RegExp): string[] {
  const text = bytes.toString('latin1')
  const starts = Array.from(text.matchAll(begin), ({ index }) => index)
  return starts.map((start, i) => text.slice(start, starts[i + 1]))
}
