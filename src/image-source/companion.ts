/** Files that lie beside an image, on a disk or a web server, and are called after it. */
import { basename, dirname, join } from 'node:path'
import { readIfThere } from '../disk/index.ts'
import { imageNameOf } from '../image-files.ts'
import { isHttp } from '../is-http.ts'
import { openAccess, type ServerOptions } from './access.ts'

/** How to read a file beside an image. */
export interface CompanionOptions extends ServerOptions {
  /** Bytes that the file of a server may have. */
  readonly limit: number
}

/** The path or URL of a file beside an image. `fileOf` makes its name of the image's; what else is in a URL stays. */
export function companionOf(image: string, fileOf: (name: string) => string): string {
  if (!isHttp(image)) return join(dirname(image), fileOf(imageNameOf(basename(image))))
  const url = new URL(image)
  const slash = url.pathname.lastIndexOf('/') + 1
  url.pathname = url.pathname.slice(0, slash) + fileOf(imageNameOf(url.pathname.slice(slash)))
  return url.href
}

/** Reads a file beside an image; `undefined` if it is not there. Throws `HttpError`, and what the system throws. */
export async function readCompanion(
  image: string,
  fileOf: (name: string) => string,
  { limit, ...options }: CompanionOptions,
): Promise<Uint8Array | undefined> {
  const place = companionOf(image, fileOf)
  if (!isHttp(place)) return readIfThere(place)
  const access = await openAccess(place, options)
  try {
    return await access.document(place, { limit })
  } finally {
    await access.close()
  }
}
