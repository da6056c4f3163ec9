/** Connections whose requests are taken few at a time, and answered one after the other. */
import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { ServeLimits } from './limits.ts'

/** Requests of a connection that wait for their answers; then no more are read. apt sends ten at a time. */
const WAITING_MAX = 16

/** Bytes that Node parses at a time: they hold few requests. */
const SLICE_SIZE = 1024

/** A connection and its requests. */
interface Connection {
  readonly socket: Socket
  /** Requests so far. */
  requests: number
  /** Those of them that are not answered yet. */
  waiting: number
  /** Settles when the last of them is. */
  answered: Promise<void>
  /** Called when fewer wait, if that is waited for. */
  onAnswer?: () => void
}

/**
 * Answers the requests of each connection one after the other. Node parses all that has arrived, calls a listener for all of
 * it, and keeps some kB for each request until it is answered: a client that reads no answers could have thousands of files
 * opened, and 200 of them took 1 GB.
 */
export function answerInTurn(server: Server, limits: Required<ServeLimits>, answer: RequestListener): void {
  const connections = new WeakMap<Duplex, Connection>()
  const [accept] = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const connection: Connection = { socket, requests: 0, waiting: 0, answered: Promise.resolve() }
    const stream = streamOf(connection)
    connections.set(stream, connection)
    accept.call(server, stream)
  })
  // Node hands such a connection over: no limit of its own holds for it any more, and `close` does not end it.
  server.on('connect', (_, stream: Duplex) => {
    const { socket } = connections.get(stream)!
    socket.setTimeout(limits.idleTime, () => socket.destroy())
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n', () => socket.destroy())
  })
  server.on('request', (request, response) => {
    const stream: Duplex = request.socket
    const connection = connections.get(stream)!
    connection.waiting++
    // Node tells a client that no more requests are taken, and then waits for it to close the connection.
    if (++connection.requests === limits.requests) response.once('close', () => stream.end())
    connection.answered = connection.answered.then(async () => {
      if (stream.destroyed) return
      const watch = watchRate(connection.socket, limits)
      await new Promise<void>(resolve => {
        // Of an answer whose turn has not come when the connection ends, Node tells nothing.
        stream.once('close', resolve)
        response.once('close', () => {
          stream.off('close', resolve)
          resolve()
        })
        answer(request, response)
      })
      clearInterval(watch)
      connection.waiting--
      connection.onAnswer?.()
    })
  })
}

/** A connection as Node's server sees it. */
function streamOf(connection: Connection): Duplex {
  const { socket } = connection
  const stream = Duplex.from({ readable: readSlices(connection), writable: socket })
  // One that Node's server hands over has no listener of its own any more.
  stream.on('error', () => {})
  // By these, Node's server bounds the time between requests.
  Object.assign(stream, { setTimeout: (milliseconds: number) => socket.setTimeout(milliseconds) })
  socket.on('timeout', () => stream.emit('timeout'))
  return stream
}

async function* readSlices(connection: Connection): AsyncGenerator<Uint8Array> {
  for await (const chunk of connection.socket as AsyncIterable<Uint8Array>) {
    for (let at = 0; at < chunk.length; at += SLICE_SIZE) {
      while (connection.waiting >= WAITING_MAX) {
        await new Promise<void>(resolve => {
          connection.onAnswer = resolve
        })
      }
      yield chunk.subarray(at, at + SLICE_SIZE)
    }
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
