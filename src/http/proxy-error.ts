import { STATUS_CODES } from 'node:http'
import { errors } from 'undici'
import type { ProxyServer } from './proxy-settings.ts'

/** The refusal of a proxy to open the way to the server. */
export interface Refusal {
  readonly reason: string
  /** Whether it wants another user or password than it was given. */
  readonly credentials?: boolean
  /** Whether it will do the same next time. */
  readonly lasting?: boolean
}

/** A proxy that cannot be reached, or does not let us through. The error that it hides is of the connection to it. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly proxy: { readonly name: string; readonly url: string }
  readonly refusal: Refusal | undefined

  constructor({ name, url }: Pick<ProxyServer, 'name' | 'url'>, reason: Error | Refusal) {
    const isRefusal = !(reason instanceof Error)
    super(isRefusal ? reason.reason : reason.message, isRefusal ? undefined : { cause: reason })
    // Without the password: errors are shown to people, and logged.
    this.proxy = { name, url }
    this.refusal = isRefusal ? reason : undefined
  }
}

/** `error`, which a request through a proxy ended with, or a `ProxyError` where it is undici's for what the proxy did. */
export function blameProxy(proxy: ProxyServer, error: Error): Error {
  if (error instanceof errors.InvalidArgumentError && error.message.includes('(407)')) return refusedBy(proxy, 407)
  const tunnel = /^Proxy response \((\d+)\)/.exec(error.message)
  if (tunnel) return refusedBy(proxy, Number(tunnel[1]))
  const { code } = error as NodeJS.ErrnoException
  // The clock of an exchange is not undici's: this one runs while a proxy is asked to open the way.
  if (code === 'UND_ERR_PRX_CONN' || code === 'UND_ERR_HEADERS_TIMEOUT') return new ProxyError(proxy, error)
  return error
}

function refusedBy(proxy: ProxyServer, status: number): ProxyError {
  const reason = `it answers ${[status, STATUS_CODES[status]].join(' ').trim()}`
  const lasting = status >= 400 && status < 500 && status !== 408 && status !== 429
  // Some answer 401 where 407 is meant (tinyproxy 1.11, to a wrong password).
  return new ProxyError(proxy, { reason, credentials: status === 407 || status === 401, lasting })
}
