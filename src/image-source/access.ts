import { filePath, text, wholeNumber } from '../arguments.ts'
import { type Access, createAccess } from '../nar-file/index.ts'
import { credentialsOf } from '../store/index.ts'

/** Credentials for a server, and how long to wait for it. */
export interface ServerOptions {
  /** A netrc file with users and passwords for the server, or its text. */
  readonly netrcFile?: string
  readonly netrcText?: string
  /** A file with a bearer token for the server. */
  readonly tokenFile?: string
  /** Milliseconds without a byte after which the server is asked again, and after five times given up. Default 20 000. */
  readonly stallTimeout?: number
}

/** Checks of these, by their keys. */
export const SERVER_OPTIONS = {
  netrcFile: filePath,
  netrcText: text,
  tokenFile: filePath,
  stallTimeout: wholeNumber(1),
}

/** Opens access to the server of a URL. Throws `StoreError` SOURCE_INVALID. */
export async function openAccess(url: string, options: ServerOptions, signal?: AbortSignal): Promise<Access> {
  const { netrcFile, netrcText, tokenFile, stallTimeout } = options
  const credentials = await credentialsOf({ netrcFile, netrcText, tokenFile }, [url], 'options')
  return createAccess({ ...credentials, stallTimeout }, signal)
}
