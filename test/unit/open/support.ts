import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../../lzma2-inputs.ts'

/** Makes a small tree of all kinds of entries, and returns its folder. */
export function makeFolder(parent: string): string {
  const folder = join(parent, 'tree')
  const deep = join(folder, 'usr/share', 'd'.repeat(90), 'e'.repeat(90))
  mkdirSync(deep, { recursive: true })
  mkdirSync(join(folder, 'etc'))
  writeFileSync(join(folder, 'etc/os-release'), 'ID=test\n')
  writeFileSync(join(folder, 'etc/empty'), '')
  writeFileSync(join(folder, 'etc/grüße'), 'Grüße\n')
  writeFileSync(join(deep, 'long name'), 'found\n', { mode: 0o4755 })
  writeFileSync(join(folder, 'usr/big'), randomBytes(3_000_000))
  writeFileSync(join(folder, 'usr/zeros'), Buffer.alloc(700_000))
  linkSync(join(folder, 'usr/big'), join(folder, 'usr/same'))
  symlinkSync('../usr/share', join(folder, 'etc/share'))
  symlinkSync('/etc/os-release', join(folder, 'usr/os-release'))
  symlinkSync('loop', join(folder, 'etc/loop'))
  execFileSync('mkfifo', [join(folder, 'usr/pipe')])
  return folder
}

/** Bytes that do not compress. */
export function randomBytes(size: number): Buffer {
  const random = createRandom(size)
  return Buffer.from(Uint8Array.from({ length: size }, () => random() >>> 13))
}

/** Packs what is in a folder with GNU tar. */
export function packFolder(folder: string, file: string, ...options: readonly string[]): string {
  execFileSync('tar', ['-C', folder, ...options, '--sort=name', '-cf', file, '.'])
  return file
}

/** Runs a compressor over a file, and returns the name of what it writes. */
export function compressFile(file: string, suffix: string, [program, ...options]: readonly string[]): string {
  writeFileSync(file + suffix, execFileSync(program, [...options, '-c', file], { maxBuffer: 2 ** 28 }))
  return file + suffix
}

/** An image in memory that counts what is read of it. */
export function countingSource(file: string) {
  const bytes = readFileSync(file)
  const source = {
    size: bytes.length,
    bytesRead: 0,
    async read(offset: number, length: number) {
      source.bytesRead += length
      return new Uint8Array(bytes.subarray(offset, offset + length))
    },
  }
  return source
}

/** All that an iterable gives, as text or bytes. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all)
}

/** All items of an iterable. */
export async function listAll<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
