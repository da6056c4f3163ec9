import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BlockCache, build, generateKeyPair, type ImageSpec } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'

/** Bytes that nothing compresses, told by a seed. */
export function noise(seed: string, size: number): Buffer {
  const blocks: Buffer[] = []
  for (let i = 0; i * 32 < size; i++) blocks.push(createHash('sha256').update(`${seed}-${i}`).digest())
  return Buffer.concat(blocks).subarray(0, size)
}

/** Store paths of an image. */
const PACKAGES = 12

/** Bytes that each takes in the image, about. It has a block of its own: small ones share theirs. */
export const PACKAGE_SIZE = 200_000

const ZEROS = '\0'.repeat(4.2 * 1024 * 1024)

/** A version of an image: one of its packages is its own. */
export function specOf(folder: string, version: string, more: Partial<ImageSpec> = {}): ImageSpec {
  const store = createChrootStore(join(folder, `store-${version}`))
  const add = (name: string) => {
    const contents = noise(name, PACKAGE_SIZE).toString('latin1') + ZEROS
    return store.add(name, { children: { data: { contents } } })
  }
  const roots = Array.from({ length: PACKAGES - 1 }, (_, i) => add(`package-${i}`))
  roots.push(add(`changing-${version}`))
  return { name: 'web', source: store.source, roots, level: 1, ...more }
}

/** Builds a version into `folder/VERSION`, which a server serves. */
export async function publish(
  folder: string,
  version: string,
  more: Partial<ImageSpec> = {},
  cache: BlockCache | false = false,
): Promise<string> {
  const out = join(folder, `published-${version}`)
  await build(specOf(folder, version, more), { cache, workers: 1 }).toFolder(out)
  return out
}

/** A new key in a folder: the paths of the secret and of the public one. */
export async function makeKey(folder: string, name: string): Promise<{ keyFile: string; publicKey: string }> {
  const pair = await generateKeyPair({ name })
  const [keyFile, publicKey] = [join(folder, `${name}.secret.asc`), join(folder, `${name}.asc`)]
  writeFileSync(keyFile, pair.secretKey)
  writeFileSync(publicKey, pair.publicKey)
  return { keyFile, publicKey }
}

/** The image of a folder. */
export function imageIn(folder: string): Buffer {
  return readFileSync(join(folder, 'web.tar.xz'))
}
