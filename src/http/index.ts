export { type Authorizer, basicAuthorization } from './authorization.ts'
export type { Recognise } from './body.ts'
export {
  createHttpClient,
  type FetchOptions,
  type HttpClient,
  type HttpClientOptions,
  type RangeAnswer,
} from './client.ts'
export type { FileRange } from './download.ts'
export type { Identity } from './identity.ts'
export { parseNetrc } from './netrc.ts'
