export { type Authorizer, basicAuthorization } from './authorization.ts'
export { createHttpClient, type FetchOptions, type HttpClient, type HttpClientOptions } from './client.ts'
export { HttpError, type HttpErrorCode } from './errors.ts'
export { parseNetrc } from './netrc.ts'
