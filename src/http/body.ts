import { describeUrl } from '../describe-url.ts'
import { HttpError } from '../http-error.ts'
import { shortened } from '../printable.ts'
import { decodeContent } from './content-encoding.ts'

/**
 * Says whether some bytes are the beginning of the file that was asked for, or of its contents when it is unpacked;
 * `undefined` if that cannot be told.
 */
export type Recognise = (head: Uint8Array) => 'file' | 'contents' | undefined

/** A body that comes with a Content-Encoding. */
export interface BodyOptions {
  readonly url: URL
  /** The codings, with commas between them. */
  readonly encoding: string
  /** The most bytes that there may be when they are decoded. */
  readonly limit: number
  readonly recognise?: Recognise
}

/** Bytes that are enough to recognise a file by. */
const HEAD_SIZE = 64

/** Bytes of a body that are kept until as many are decoded. Some compressed formats may hold back their contents for ever. */
const KEPT_MAX = 1024 * 1024

/**
 * The bytes of a file whose body is `raw`, each once, to be read with one `next` at a time.
 *
 * A Content-Encoding may mean two things. By the standard the server has encoded the file, and decoding gives it back. But
 * servers that choose the header by the name of a file (x.nar.gz: gzip), or stores that keep what an uploader said, name
 * the compression that the file has anyway. So the reading is taken that begins like the file: decoded if both do.
 */
export function decodeBody(
  raw: AsyncIterableIterator<Uint8Array>,
  options: BodyOptions,
): AsyncIterableIterator<Uint8Array> {
  const bytes = keepToLimit(options, read(raw, options))
  return {
    next: () => bytes.next(),
    async return() {
      // One that was never read does not end what it would read from.
      await Promise.all([bytes.return(undefined), raw.return?.()])
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* read(raw: AsyncIterableIterator<Uint8Array>, options: BodyOptions): AsyncGenerator<Uint8Array> {
  const { encoding, recognise = () => undefined } = options
  const source = createReplay(raw)
  const decoded = decodeContent(encoding.split(', '), source.bytes())
  const iterator = (decoded ?? source.bytes())[Symbol.asyncIterator]()
  const fail = (reason: string, cause?: unknown) => {
    const message = `it comes with Content-Encoding ${shortened(encoding)}, ${reason}; have the server send it as it is`
    return failure('HTTP_ENCODING', options, message, cause)
  }
  const next = async () => {
    try {
      return await iterator.next()
    } catch (error) {
      throw source.failure() ?? fail(`but cannot be decoded: ${(error as Error).message}`, error)
    }
  }
  try {
    const head = await gather(next, HEAD_SIZE)
    const reading = decoded && !head.error ? recognise(head.bytes) : undefined
    if (reading === 'contents' || (reading === undefined && recognise(source.head()) === 'file')) {
      await iterator.return?.()
      yield* source.replay()
      return
    }
    if (!decoded) throw fail('which is not supported')
    if (head.error) throw head.error
    source.forget()
    if (head.bytes.length > 0) yield head.bytes
    for (let step = await next(); !step.done; step = await next()) yield step.value
  } finally {
    await iterator.return?.()
    await raw.return?.()
  }
}

/** The first `size` bytes, or more, or all there are until something is thrown. */
async function gather(next: () => Promise<IteratorResult<Uint8Array>>, size: number) {
  const chunks: Uint8Array[] = []
  let error: unknown
  try {
    for (let length = 0; length < size; ) {
      const step = await next()
      if (step.done) break
      chunks.push(step.value)
      length += step.value.length
    }
  } catch (thrown) {
    error = thrown
  }
  return { bytes: Buffer.concat(chunks), error }
}

/** Reads `raw`, and remembers what was read until it is told to forget, so that it can be read from the beginning. */
function createReplay(raw: AsyncIterableIterator<Uint8Array>) {
  let kept: Uint8Array[] | undefined = []
  let keptSize = 0
  let pending: Promise<IteratorResult<Uint8Array>> | undefined
  let failed: { readonly error: unknown } | undefined
  let stopped = false
  const pull = async () => {
    try {
      const step = await raw.next()
      if (kept && !step.done) {
        kept.push(step.value)
        keptSize += step.value.length
      }
      return step
    } catch (error) {
      failed = { error }
      throw error
    }
  }
  async function* bytes(): AsyncGenerator<Uint8Array> {
    while (!stopped) {
      if (kept && keptSize > KEPT_MAX) throw new Error(`its first MiB yields fewer than ${HEAD_SIZE} bytes`)
      pending = pull()
      const step = await pending
      if (step.done) return
      yield step.value
    }
  }
  return {
    bytes,
    /** The error of `raw`. */
    failure: () => failed?.error,
    head: () => Buffer.concat(kept ?? []),
    forget() {
      kept = undefined
    },
    /** All bytes, from the first. Earlier readers get no more. */
    async *replay(): AsyncGenerator<Uint8Array> {
      stopped = true
      await pending?.catch(() => {})
      const before = kept ?? []
      kept = undefined
      yield* before
      if (failed) throw failed.error
      yield* { [Symbol.asyncIterator]: () => raw }
    },
  }
}

async function* keepToLimit(options: BodyOptions, bytes: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > options.limit) {
      const reason = `it has more than the ${options.limit} bytes that it may have, once its Content-Encoding is undone`
      throw failure('HTTP_TOO_LARGE', options, `${reason}; check the URL`)
    }
    yield chunk
  }
}

function failure(code: 'HTTP_ENCODING' | 'HTTP_TOO_LARGE', { url }: BodyOptions, reason: string, cause?: unknown) {
  const shown = describeUrl(url)
  return new HttpError(code, `${shown}: ${reason}`, { url: shown, cause })
}
