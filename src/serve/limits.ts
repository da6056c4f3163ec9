import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { wholeNumber } from '../arguments.ts'

/** What the clients of a server may take. */
export interface ServeLimits {
  /** Connections at a time; others are closed at once. Default 256. */
  readonly connections?: number
  /** Requests of a connection; then it is closed, and a client opens another one. Default 100. */
  readonly requests?: number
  /** Milliseconds in which a request has to arrive, from its first byte on. Default 10,000. */
  readonly requestTime?: number
  /** Milliseconds between two requests of a connection. Default 5,000. */
  readonly keepAliveTime?: number
  /** Milliseconds in which nothing is read of an answer. Default 120,000: an importer may wait for its disk. */
  readonly idleTime?: number
  /**
   * Bytes a second that have to be read of an answer, on average over `idleTime`. Default 1,000: any line that an image can
   * be had over is faster, and a client that reads a byte now and then would hold its connection for ever.
   */
  readonly leastRate?: number
}

const DEFAULTS: Required<ServeLimits> = {
  connections: 256,
  requests: 100,
  requestTime: 10_000,
  keepAliveTime: 5_000,
  idleTime: 120_000,
  leastRate: 1_000,
}

/** What each of the limits may be. */
export const SERVE_LIMITS = Object.fromEntries(Object.keys(DEFAULTS).map(name => [name, wholeNumber(1)]))

/** The limits with those that are not said. */
export function limitsOf(limits: ServeLimits = {}): Required<ServeLimits> {
  const said = Object.entries(limits).filter(([, value]) => value !== undefined)
  return { ...DEFAULTS, ...Object.fromEntries(said) }
}

/** Options of Node's `createServer`; what it looks after only now and then, it does twice in the shortest time. */
export function serverOptionsOf({ requestTime, keepAliveTime }: Required<ServeLimits>) {
  return {
    headersTimeout: requestTime,
    requestTimeout: requestTime,
    keepAliveTimeout: keepAliveTime,
    connectionsCheckingInterval: Math.ceil(requestTime / 2),
  }
}

/** Sets what can only be set of a server that there is. */
export function limitServer(server: Server, { connections, requests, idleTime }: Required<ServeLimits>): void {
  server.maxConnections = connections
  server.maxRequestsPerSocket = requests
  server.timeout = idleTime
}

/**
 * A listener that answers the requests of a connection one after the other. Node calls one for all requests that have
 * arrived, and a client that reads no answers could have thousands of files opened.
 */
export function inTurn(limits: Required<ServeLimits>, answer: RequestListener): RequestListener {
  const turns = new WeakMap<Socket, { last: Promise<void>; count: number }>()
  return (request, response) => {
    const { socket } = request
    const turn = turns.get(socket) ?? { last: Promise.resolve(), count: 0 }
    turns.set(socket, turn)
    // Node tells a client that no more requests are taken, and then waits for it to close the connection.
    if (++turn.count === limits.requests) response.once('close', () => socket.end())
    turn.last = turn.last.then(() => {
      if (socket.destroyed) return
      return new Promise<void>(resolve => {
        const watch = watchRate(socket, limits)
        // Of an answer whose turn has not come when the connection ends, Node tells nothing.
        const end = () => {
          clearInterval(watch)
          socket.off('close', end)
          resolve()
        }
        socket.once('close', end)
        response.once('close', end)
        answer(request, response)
      })
    })
  }
}

/** Ends a connection on which less is read than has to be, until the timer that it returns is cleared. */
function watchRate(socket: Socket, { idleTime, leastRate }: Required<ServeLimits>): NodeJS.Timeout {
  // What the kernel took is as good as read: its buffers are full after the first seconds.
  const taken = () => socket.bytesWritten - socket.writableLength
  let before = taken()
  return setInterval(() => {
    const now = taken()
    if (now - before < (leastRate * idleTime) / 1000) socket.destroy()
    before = now
  }, idleTime)
}
