import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { abortSignal, callback, objectOf, resolvePath, someText, wholeNumber } from '../arguments.ts'
import { createCallbacks } from '../callbacks.ts'
import { answerInTurn } from './connections.ts'
import { ServeError } from './errors.ts'
import { findFolder } from './find.ts'
import { limitServer, limitsOf, SERVE_LIMITS, type ServeLimits, serverOptionsOf } from './limits.ts'

/** How a folder is served. */
export interface ServeOptions {
  /** 0 for any that is free. Default 8080. */
  readonly port?: number
  /** The address to listen on. Default 127.0.0.1: nobody but this machine. */
  readonly host?: string
  /** Closes the server. */
  readonly signal?: AbortSignal
  /**
   * Called with each request once it is over: `GET /web.tar.xz 200`. If it throws, or returns a promise that rejects, the server
   * closes, and `closed` rejects with that error.
   */
  readonly onRequest?: (line: string) => void
  /** What clients may take. */
  readonly limits?: ServeLimits
}

/** A folder that is being served. */
export interface FolderServer {
  /** Without a slash behind. */
  readonly url: string
  /** Ends it, and every download with it. Returns `closed`. */
  close(): Promise<void>
  /** Resolves once the server is closed, by whomever. Rejects with the error of `onRequest`; it may be left unhandled. */
  readonly closed: Promise<void>
}

const checkOptions = objectOf({
  port: wholeNumber(0, 65535),
  host: someText,
  signal: abortSignal,
  onRequest: callback,
  limits: objectOf(SERVE_LIMITS),
})

/**
 * Serves a folder over HTTP, to try images with `machinectl pull-tar` before they are published: files with ranges and
 * entity tags, lists of folders, nothing from outside. Rejects with `ServeError`, with `TypeError` and
 * `RangeError` for arguments that cannot be meant, and with the signal's reason when aborted before it listens.
 */
export async function serveFolder(folder: string | URL, options: ServeOptions = {}): Promise<FolderServer> {
  checkOptions(options, 'options')
  const { port = 8080, host = '127.0.0.1', signal, onRequest } = options
  const limits = limitsOf(options.limits)
  signal?.throwIfAborted()
  const root = await findFolder(resolvePath(folder, 'folder'))
  // Loaded here, for Node loads its HTTP client and WebSockets along: a quarter of the start of every command.
  const [{ createServer }, { answer, fail }] = await Promise.all([import('node:http'), import('./answer.ts')])
  const server = createServer(serverOptionsOf(limits))
  limitServer(server, limits)
  let failure: { readonly error: unknown } | undefined
  const callbacks = createCallbacks(error => {
    failure ??= { error }
    close()
  })
  const tell = onRequest && callbacks.guard(onRequest)
  answerInTurn(server, limits, (request, response) => {
    if (tell) response.once('close', () => tell(lineOf(request, response)))
    answer(root, request, response).catch(() => fail(response, 500))
  })
  // `once` of Node would also end with an error of a connection that cannot be taken.
  const closed = new Promise(resolve => server.once('close', resolve)).then(async () => {
    await callbacks.settled()
    if (failure) throw failure.error
  })
  closed.catch(() => {})
  const close = () => {
    server.close()
    server.closeAllConnections()
    return closed
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(unusable(host, port, error)))
    server.listen(port, host, resolve)
  })
  signal?.addEventListener('abort', close, { once: true })
  server.once('close', () => signal?.removeEventListener('abort', close))
  if (signal?.aborted) {
    await close()
    throw signal.reason
  }
  const { address, port: taken } = server.address() as AddressInfo
  return { url: `http://${isIPv6(address) ? `[${address}]` : address}:${taken}`, close, closed }
}

function lineOf({ method, url }: IncomingMessage, { statusCode, writableFinished }: ServerResponse): string {
  return `${method} ${url} ${statusCode}${writableFinished ? '' : ', broken off'}`
}

function unusable(host: string, port: number, error: NodeJS.ErrnoException): ServeError {
  const noAddress = 'is no address of this machine; give another --host'
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is taken by another program; give another --port, or 0 for any',
    EACCES: 'is not for everybody; give a --port from 1024 on',
    EADDRNOTAVAIL: noAddress,
    ENOTFOUND: noAddress,
    EAI_AGAIN: noAddress,
  }
  const message = `${host} port ${port} ${reasons[error.code ?? ''] ?? `cannot be listened on: ${error.message}`}`
  return new ServeError('ADDRESS_UNUSABLE', message, { cause: error })
}
