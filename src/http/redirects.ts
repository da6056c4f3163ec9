import { describeUrl } from '../describe-url.ts'
import { HttpError } from '../http-error.ts'
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
  const next = URL.parse(location, url.href)
  return next ?? `the server redirects to what is no URL: ${JSON.stringify(describeUrl(location).slice(0, 300))}`
}

function problemOf(next: URL, chain: readonly URL[]): string | undefined {
  const from = chain.at(-1)!
  // The message begins with the first URL.
  const place = describeUrl(next) === describeUrl(chain[0]) ? 'it' : describeUrl(next)
  const isSame = (url: URL) => url.href.replace(url.hash, '') === next.href.replace(next.hash, '')
  if (chain.some(isSame)) return `redirects lead in a circle, back to ${place}`
  if (chain.length > REDIRECTS_MAX) return `there are more than ${REDIRECTS_MAX} redirects, the last to ${place}`
  if (next.protocol === 'https:' || next.protocol === from.protocol) return undefined
  if (next.protocol === 'http:') return `${from.host} redirects to ${place}, which is not encrypted any more`
  return `${from.host} redirects to ${next.protocol}, which is not supported`
}
