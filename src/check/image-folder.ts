/** The folder of an image: on a disk, or on a web server. */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { resolvePath } from '../arguments.ts'
import { describeUrl } from '../describe-url.ts'
import { READ_SIZE, withDescriptor } from '../descriptors.ts'
import { openRegularFile, reasonOf } from '../disk/index.ts'
import { COMPANION_MAX } from '../image-files.ts'
import { IMAGE_SIZE_MAX, openAccess, type ServerOptions } from '../image-source/index.ts'
import { isHttp } from '../is-http.ts'
import { CheckError } from './errors.ts'

/** Files of one folder. Throws `CheckError` IMAGE_UNREADABLE. */
export interface ImageFolder {
  has(file: string): Promise<boolean>
  /** A file of at most {@link COMPANION_MAX} bytes, as one-byte text; `undefined` for a longer one. */
  read(file: string): Promise<string | undefined>
  /** SHA-256 of a file, in hexadecimal digits. */
  digestOf(file: string): Promise<string>
  close(): Promise<void>
}

/** Opens a folder by its path or URL. */
export function openImageFolder(folder: string | URL, server: ServerOptions): Promise<ImageFolder> {
  return isHttp(folder) ? openServer(String(folder), server) : openFolder(folder)
}

async function openFolder(folder: string | URL): Promise<ImageFolder> {
  const whole = resolvePath(folder, 'folder')
  const files = new Set(await attempt(`${folder}`, () => withDescriptor(() => readdir(whole))))
  const open = async (file: string, end?: number) => {
    const handle = await openRegularFile(join(whole, file))
    return handle.createReadStream({ highWaterMark: READ_SIZE, end })
  }
  return {
    has: async file => files.has(file),
    read: file =>
      attempt(join(`${folder}`, file), async () => {
        const pieces: Uint8Array[] = []
        // One byte more than there may be.
        for await (const piece of await open(file, COMPANION_MAX)) pieces.push(piece)
        const bytes = Buffer.concat(pieces)
        return bytes.length > COMPANION_MAX ? undefined : bytes.toString('latin1')
      }),
    digestOf: file => attempt(join(`${folder}`, file), async () => hash(await open(file))),
    close: async () => {},
  }
}

async function openServer(folder: string, server: ServerOptions): Promise<ImageFolder> {
  if (!URL.canParse(folder)) throw unreadable(describeUrl(folder), 'it is no valid URL')
  const access = await openAccess(folder, server)
  const urlOf = (file: string) => new URL(encodeURIComponent(file), folder).href
  const onServer = <T>(file: string, call: (url: string) => Promise<T>) =>
    attempt(describeUrl(urlOf(file)), () => call(urlOf(file)))
  /** A small file; `null` for one that is longer. */
  const fetch = (file: string) =>
    onServer(file, url =>
      access.document(url, { limit: COMPANION_MAX }).catch(error => {
        if (error.code === 'HTTP_TOO_LARGE') return null
        throw error
      }),
    )
  return {
    has: async file => (await fetch(file)) !== undefined,
    async read(file) {
      const bytes = await fetch(file)
      return bytes ? Buffer.from(bytes).toString('latin1') : undefined
    },
    digestOf: file =>
      onServer(file, async url => {
        const bytes = await access.open(url, { limit: IMAGE_SIZE_MAX })
        if (bytes === undefined) throw new Error('the server has no such file')
        return hash(bytes)
      }),
    close: () => access.close(),
  }
}

async function hash(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const sum = createHash('sha256')
  for await (const piece of pieces) sum.update(piece)
  return sum.digest('hex')
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw unreadable(path, reasonOf(error), error)
  }
}

function unreadable(path: string, why: string, cause?: unknown): CheckError {
  return new CheckError('IMAGE_UNREADABLE', `${path}: cannot be read: ${why}`, { cause })
}
