import { realpath } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { relative } from 'node:path'
import { ServeError } from './errors.ts'
import { findFile } from './find.ts'
import { listFolder } from './listing.ts'

/** How a folder is served. */
export interface ServeOptions {
  /** 0 for any that is free. Default 8080. */
  readonly port?: number
  /** The address to listen on. Default 127.0.0.1: nobody but this machine. */
  readonly host?: string
  /** Told of each request once it is answered: `GET /web.tar.xz 200`. */
  readonly onRequest?: (line: string) => void
}

/** A folder that is being served. */
export interface FolderServer {
  /** Without a slash behind. */
  readonly url: string
  /** Ends it, and every download with it. */
  close(): Promise<void>
}

/**
 * Serves a folder over HTTP, to try images with `machinectl pull-tar` before they are published: files with ranges and
 * entity tags, lists of folders, nothing from outside. Rejects with `ServeError`.
 */
export async function serveFolder(folder: string, options: ServeOptions = {}): Promise<FolderServer> {
  const { port = 8080, host = '127.0.0.1', onRequest } = options
  const root = await realpath(folder).catch(error => {
    const message = `${folder}: ${error.code === 'ENOENT' ? 'is not there' : error.message}; name a folder of images`
    throw new ServeError('FOLDER_MISSING', message, { cause: error })
  })
  const { default: send } = await import('send')
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
      return
    }
    // What is not a URL's path may be anything.
    const { pathname } = URL.canParse(request.url ?? '', 'http://localhost')
      ? new URL(request.url ?? '', 'http://localhost')
      : { pathname: '' }
    const found = await findFile(root, pathname)
    if (!found) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
    } else if (!found.isFolder) {
      send(request, encodeURI(`/${relative(root, found.path)}`), { root, cacheControl: false, dotfiles: 'deny' })
        .on('error', error => response.writeHead(error.status ?? 500).end())
        .pipe(response)
    } else if (!pathname.endsWith('/')) {
      response.writeHead(301, { location: `${pathname.replace(/^\/+/, '/')}/` }).end()
    } else {
      const page = await listFolder(root, found.path, pathname)
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      response.end(request.method === 'HEAD' ? undefined : page)
    }
  }
  const server = createServer((request, response) => {
    response.on('finish', () => onRequest?.(`${request.method} ${request.url} ${response.statusCode}`))
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(unusable(host, port, error)))
    server.listen(port, host, resolve)
  })
  const { address, port: taken } = server.address() as AddressInfo
  return {
    url: `http://${isIPv6(address) ? `[${address}]` : address}:${taken}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function unusable(host: string, port: number, error: NodeJS.ErrnoException): ServeError {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is taken by another program; give another --port, or 0 for any',
    EACCES: 'is not for everybody; give a --port from 1024 on',
    EADDRNOTAVAIL: 'is no address of this machine; give another --host',
    ENOTFOUND: 'is no address of this machine; give another --host',
  }
  const message = `${host} port ${port} ${reasons[error.code ?? ''] ?? `cannot be listened on: ${error.message}`}`
  return new ServeError('ADDRESS_UNUSABLE', message, { cause: error })
}
