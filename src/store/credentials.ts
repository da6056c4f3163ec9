import { readFile } from 'node:fs/promises'
import type { ClosureSource } from '../closure-source.ts'
import { describeUrl } from '../describe-url.ts'
import { withDescriptor } from '../descriptors.ts'
import { reasonOf } from '../disk/index.ts'
import { isHttp } from '../is-http.ts'
import type { Credentials } from '../nar-file/index.ts'
import { StoreError } from './errors.ts'

/** What may hold credentials. */
export type CredentialOptions = Pick<ClosureSource, 'netrcFile' | 'netrcText' | 'tokenFile' | 'tokens'>

/**
 * The credentials for servers at `urls`, with the files that options name. Errors name the options as `name`. Throws `StoreError`
 * SOURCE_INVALID, `TypeError`.
 */
export async function credentialsOf(
  options: CredentialOptions,
  urls: readonly string[],
  name: string,
): Promise<Credentials> {
  const { netrcFile, netrcText, tokenFile, tokens = [] } = options
  if (netrcFile !== undefined && netrcText !== undefined) {
    throw new TypeError(`${name}: netrcFile and netrcText: give one of them`)
  }
  for (const { url } of tokens) {
    if (isHttp(url) && URL.canParse(url)) continue
    const shown = JSON.stringify(describeUrl(url))
    throw new TypeError(`${name}.tokens: give the URL of the server a token is for, not ${shown}`)
  }
  const servers = urls.filter(isHttp)
  if (tokenFile !== undefined && servers.length === 0) {
    throw new TypeError(`${name}.tokenFile: is for caches whose URL begins with https:// or http://; give one`)
  }
  const token = tokenFile === undefined ? undefined : (await readText(tokenFile)).trim()
  return {
    netrc: netrcFile === undefined ? netrcText : await readText(netrcFile),
    tokens: [...tokens, ...(token === undefined ? [] : servers.map(url => ({ url, token })))],
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await withDescriptor(() => readFile(file, 'utf8'))
  } catch (error) {
    throw new StoreError('SOURCE_INVALID', file, `${file}: cannot be read: ${reasonOf(error)}`, { cause: error })
  }
}
