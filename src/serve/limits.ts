import type { Server } from 'node:http'
import { wholeNumber } from '../arguments.ts'
import { LONGEST_TIMER } from '../longest-timer.ts'

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
  const all: Required<ServeLimits> = { ...DEFAULTS, ...Object.fromEntries(said) }
  const timer = (milliseconds: number) => Math.min(milliseconds, LONGEST_TIMER)
  const { requestTime, keepAliveTime, idleTime } = all
  return { ...all, requestTime: timer(requestTime), keepAliveTime: timer(keepAliveTime), idleTime: timer(idleTime) }
}

/** Options of Node's `createServer`; its periodic checks run twice in the shortest time. */
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
