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

/** The image of a test, in versions. */
export interface Versions {
  /** Builds a version, one of whose packages is its own, into a new folder that a server may serve. */
  publish(version: string, more?: Partial<ImageSpec>, cache?: BlockCache): Promise<string>
}

/** Makes versions below `folder`, of some packages. */
export function makeVersions(folder: string, packages = PACKAGES): Versions {
  const store = createChrootStore(folder)
  const paths = new Map<string, string>()
  const add = (name: string) => {
    const contents = noise(name, PACKAGE_SIZE).toString('latin1') + ZEROS
    const path = paths.get(name) ?? store.add(name, { children: { data: { contents } } })
    paths.set(name, path)
    return path
  }
  let count = 0
  return {
    async publish(version, more, cache) {
      const same = Array.from({ length: packages - 1 }, (_, i) => add(`package-${i}`))
      const spec: ImageSpec = {
        name: 'web',
        source: store.source,
        roots: [...same, add(`changing-${version}`)],
        level: 1,
      }
      const out = join(folder, `published-${count++}`)
      await build({ ...spec, ...more }, { cache: cache ?? false, workers: 1 }).toFolder(out)
      return out
    },
  }
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
