import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NIX_ENV } from './closures.ts'
import { execute } from './execute.ts'

/** A key to sign with, as Nix generates them. */
export interface SigningKey {
  readonly secretFile: string
  /** `NAME:BASE64` */
  readonly publicKey: string
}

/** Generates a key in two files that begin with `file`. */
export async function createKey(file: string, name: string): Promise<SigningKey> {
  const [secretFile, publicFile] = [`${file}.secret`, `${file}.public`]
  await execute('nix-store', ['--generate-binary-cache-key', name, secretFile, publicFile])
  return { secretFile, publicKey: readFileSync(publicFile, 'utf8').trim() }
}

export interface CacheSettings {
  readonly compression: 'xz' | 'zstd' | 'none'
  readonly level?: number
  /** Signs what is copied; without it nobody does. */
  readonly key?: SigningKey
  /** The chroot store to copy from. Default: the store of this machine. */
  readonly store?: string
}

/** Makes a binary cache of the closure of `path` in `folder`, with `nix copy`. */
export async function copyToCache(path: string, folder: string, settings: CacheSettings): Promise<void> {
  const { compression, level, key, store } = settings
  const query = new URLSearchParams({ compression })
  if (level !== undefined) query.set('compression-level', String(level))
  const secret = key ? `&secret-key=${key.secretFile}` : ''
  const from = store === undefined ? [] : ['--store', store]
  await execute('nix', ['copy', ...from, '--to', `file://${folder}?${query}${secret}`, path], { env: NIX_ENV })
}

/** Signs what is in a cache, with `nix store sign`. */
export async function signCache(folder: string, path: string, key: SigningKey): Promise<void> {
  const args = ['--store', `file://${folder}`, '--key-file', key.secretFile, '--recursive', path]
  await execute('nix', ['store', 'sign', ...args], { env: NIX_ENV })
}

/** A cache whose files are those of another, with the bytes of one changed, or without it. */
export async function damageCache(from: string, to: string, file: string, change?: (bytes: Buffer) => Buffer) {
  await execute('cp', ['--archive', '--link', `${from}/.`, to])
  const damaged = join(to, file)
  const bytes = readFileSync(damaged)
  // The other cache has the same file.
  await execute('rm', [damaged])
  if (change) writeFileSync(damaged, change(bytes))
}

/** The store path with the largest file in a cache, and that file. */
export function largestIn(folder: string): { path: string; file: string } {
  const infos = readdirSync(folder)
    .filter(name => name.endsWith('.narinfo'))
    .map(name => {
      const text = readFileSync(join(folder, name), 'utf8')
      const field = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(text)?.[1] ?? ''
      return { path: field('StorePath'), file: field('URL'), size: Number(field('FileSize')) }
    })
  return infos.reduce((a, b) => (b.size > a.size ? b : a))
}
