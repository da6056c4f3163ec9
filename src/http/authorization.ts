import { unescape as decodePercent } from 'node:querystring'

/** The Authorization header for a URL, or `undefined`. */
export type Authorizer = (url: URL) => string | undefined

/** The header for a user and a password (RFC 7617). */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/**
 * The Authorization for `start` and the places that it redirects to. User and password in a URL are for its origin alone,
 * and go before what `ask` says.
 */
export function authorizerFor(start: URL, ask: Authorizer): Authorizer {
  const own = fromUserinfo(start)
  return url => fromUserinfo(url) ?? (url.origin === start.origin ? own : undefined) ?? ask(url)
}

function fromUserinfo({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return basicAuthorization(decodePercent(username), decodePercent(password))
}
