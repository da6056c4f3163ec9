/** What a declaration of somebody else may read: files below a folder, and caches of servers that are named. */
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeUrl } from '../describe-url.ts'
import { isBelow } from '../is-below.ts'
import { UnreadableError } from './declared-files.ts'

/** Keeps a declaration to files below a folder, to the store of this machine, and to some servers. */
export interface RestrictionOptions {
  /** The files that the declaration names lie below it, symlinks followed. */
  readonly folder: string
  /** URLs of the servers whose caches it may name. Default: none. */
  readonly servers?: readonly string[]
}

/** Throws `UnreadableError` for what a declaration may not have. */
export interface Restriction {
  /** The folder that all files lie below, by its real path. */
  root(): Promise<string>
  /** For a file or folder by its absolute path. Resolves to its real path: a symlink on the way may lead elsewhere later. */
  checkFile(file: string): Promise<string>
  /** For a store path, or a symlink to one, by its absolute path. */
  checkStorePath(file: string): Promise<void>
  /** For the URL of a binary cache. */
  checkCache(url: string): Promise<void>
  /** For keys of gpg, which lie elsewhere. */
  checkGpg(): void
}

const STORE = '/nix/store'

/** A restriction; what `folder` leads to is looked up once, when something is asked. */
export function createRestriction({ folder, servers = [] }: RestrictionOptions): Restriction {
  const absolute = resolve(folder)
  let found: Promise<string> | undefined
  const rootOf = () => {
    found ??= realPathOf(absolute)
    return found
  }
  const origins = new Set(servers.map(originOf))
  const refuse = (root: string, path: string, real: string): never => {
    const way = real === path ? '' : `, which leads to ${real}`
    throw new UnreadableError(`this declaration may read only files below ${root}, not ${path}${way}; move it there`)
  }
  const checkFile = async (file: string) => {
    const [root, real] = [await rootOf(), await realPathOf(file)]
    return isBelow(real, root) ? real : refuse(root, file, real)
  }
  return {
    root: rootOf,
    checkFile,
    async checkStorePath(file) {
      const [root, real] = [await rootOf(), await realPathOf(file)]
      if (!isBelow(real, root) && (real === STORE || !isBelow(real, STORE))) refuse(root, file, real)
    },
    async checkCache(url) {
      if (/^file:/i.test(url)) {
        await checkFile(filePathOf(url))
        return
      }
      const origin = originOf(url)
      if (origin !== undefined && origins.has(origin)) return
      const right = `allow its server with --allow-server ${origin ?? 'URL'}`
      throw new UnreadableError(`this declaration may not name ${describeUrl(url)}; ${right}`)
    },
    checkGpg() {
      throw new UnreadableError(
        `this declaration may use only keys below ${absolute}; give the key with --sign-gpg instead`,
      )
    },
  }
}

/** A path without symlinks; of what is not there, the last part that is. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (dirname(path) === path) throw error
    return join(await realPathOf(dirname(path)), basename(path))
  }
}

function filePathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch {
    throw new UnreadableError(`${url} names no file here; give file:/// and an absolute path`)
  }
}

/** Scheme, host and port of a URL; `undefined` for other text. */
function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}
