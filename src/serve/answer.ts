import type { FileHandle } from 'node:fs/promises'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { basename } from 'node:path'
import type { SendOptions } from 'send'
import { CHECKSUMS_FILE, isSettingsFile, SIGNATURE_FILES } from '../image-files.ts'
import { type Found, findIn, openFound } from './find.ts'
import { listFolder } from './listing.ts'
import { sendRanges } from './multipart.ts'

/** Answers one request with what there is in the folder `root` of {@link findFolder}. */
export async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return fail(response, 405, { allow: 'GET, HEAD' })
  const given = pathOf(request)
  const path = decode(given)
  const found = path === undefined ? undefined : await findIn(root, path)
  if (path === undefined || found === undefined) return fail(response, 404)
  if (!found.isFolder) return sendFile(root, found, request, response)
  const address = `${given}/`.replace(/\/+/g, '/')
  if (given !== address) {
    response.writeHead(301, { location: address, 'content-length': 0 }).end()
    return
  }
  const page = Buffer.from(await listFolder(root, path))
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': page.length }).end(page)
}

/** Says that it did not work: with a status, or by closing the connection if there is another on its way. */
export function fail(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const text = `${STATUS_CODES[status]}\n`
  const length = Buffer.byteLength(text)
  response.writeHead(status, { ...headers, 'content-type': 'text/plain', 'content-length': length }).end(text)
}

/** What is asked for, still encoded, where it is a path at all; of a whole URL, too (RFC 9112, section 3.2.2). */
function pathOf({ url = '' }: IncomingMessage): string {
  return /^(?:http:\/\/[^/?]*)?(\/[^?]*)/i.exec(url)?.[1] ?? ''
}

function decode(path: string): string | undefined {
  try {
    return path === '' ? undefined : decodeURIComponent(path).replace(/^\/+/, '')
  } catch {
    return undefined
  }
}

/** The type of a file for which the packages that `send` asks have none, or another. */
function typeOf(file: string): string | undefined {
  if (file === CHECKSUMS_FILE || isSettingsFile(file)) return 'text/plain; charset=utf-8'
  if (Object.values<string>(SIGNATURE_FILES).includes(file)) return 'application/pgp-signature'
  return file.endsWith('.zst') ? 'application/zstd' : undefined
}

async function sendFile(root: string, found: Found, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = await openFound(root, found)
  if (!file) return fail(response, 404)
  let isGivenAway = false
  try {
    if (await sendRanges(file, request, response)) return
    const { default: send } = await import('send')
    const { path } = found
    const type = typeOf(basename(path))
    if (type !== undefined) response.setHeader('content-type', type)
    const encoded = path.split('/').map(encodeURIComponent).join('/')
    // What it does not know, it hands on to `createReadStream`, which closes the file.
    const options: SendOptions & { fd: FileHandle } = { root, dotfiles: 'allow', fd: file }
    await new Promise<void>(resolve => {
      const refuse = (status: number, headers?: Record<string, string>) => {
        fail(response, status, headers)
        resolve()
      }
      send(request, encoded, options)
        .on('stream', () => {
          isGivenAway = true
        })
        // Right behind them it begins to read, or never does.
        .on('headers', () => queueMicrotask(resolve))
        .on('directory', () => refuse(404))
        .on('error', error => refuse(error.status ?? 500, error.headers))
        .pipe(response)
    })
  } finally {
    if (!isGivenAway) await file.close()
  }
}
