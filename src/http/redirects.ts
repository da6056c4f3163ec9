import { describeUrl, HttpError } from './errors.ts'
import type { Response } from './exchange.ts'

/** As many as Nix follows (nix: src/libstore/filetransfer.cc). */
const REDIRECTS_MAX = 10

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Gets `start`, and goes where redirects lead. Every URL that is asked is added to `chain`, so that who catches an error
 * knows where it came from. Throws `HttpError` HTTP_REDIRECT, besides what `get` throws.
 */
export async function followRedirects(
  start: URL,
  chain: URL[],
  get: (url: URL) => Promise<Response>,
): Promise<Response> {
  for (let url = start; ; ) {
    chain.push(url)
    const response = await get(url)
    if (!REDIRECTS.has(response.status)) return response
    response.discard()
    const next = targetOf(url, response)
    const problem = typeof next === 'string' ? next : problemOf(next, chain)
    if (problem !== undefined) {
      const message = `${describeUrl(start)}: ${problem}; ask whoever runs ${url.host} to correct that`
      throw new HttpError('HTTP_REDIRECT', message, { url: describeUrl(start), status: response.status })
    }
    url = next as URL
  }
}

/** Where a redirect leads; a text that says why that cannot be told. */
function targetOf(url: URL, { status, headers }: Response): URL | string {
  const { location } = headers
  if (typeof location !== 'string') return `the server redirects (${status}) without saying where to`
  return (
    URL.parse(location, url.href) ?? `the server redirects to what is no URL: ${JSON.stringify(location.slice(0, 300))}`
  )
}

function problemOf(next: URL, chain: readonly URL[]): string | undefined {
  const from = chain.at(-1)!
  if (chain.some(({ href }) => href === next.href)) return `redirects lead in a circle, back to ${describePlace(next)}`
  if (chain.length > REDIRECTS_MAX)
    return `there are more than ${REDIRECTS_MAX} redirects, the last to ${describePlace(next)}`
  if (next.protocol === 'https:' || next.protocol === from.protocol) return undefined
  if (next.protocol === 'http:')
    return `${from.host} redirects to ${describePlace(next)}, which is not encrypted any more`
  return `${from.host} redirects to ${next.protocol}, which is not supported`
}

/** A place on the way as messages show it: without the query too, in which storage services put signatures. */
export function describePlace(url: URL): string {
  return `${url.origin}${url.pathname}`
}
