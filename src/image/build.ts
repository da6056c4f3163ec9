import { callback, objectOf, resolvePath } from '../arguments.ts'
import { createCallbacks } from '../callbacks.ts'
import { checkSpec, type ImageSpec, snapshotOf } from '../plan/index.ts'
import { type Progress, workerUrlOf } from '../produce/index.ts'
import { openSigner } from '../signing/index.ts'
import { BUILD_OPTIONS, type BuildOptions } from './options.ts'
import { type RestartingBuild, startBuild } from './restarting-build.ts'
import type { ImageFiles, ImageResult } from './result.ts'
import { writeFolder } from './write-folder.ts'
import { readStream, writeStream } from './write-stream.ts'

/**
 * A build of one image. It begins with the one call that says where the image goes: {@link ImageBuild.toFolder},
 * {@link ImageBuild.stream} or {@link ImageBuild.writeTo}.
 */
export interface ImageBuild extends AsyncDisposable {
  /**
   * Adds a listener, called from then on: when the image is planned, and whenever a block is in it. If it throws, or returns a
   * promise that rejects, the build rejects with that error. The build waits for such promises before it is complete.
   */
  on(event: 'progress', listener: (progress: Progress) => void): this
  /**
   * Builds into a folder, made if need be: `NAME.tar.xz`, `NAME.nspawn` if the spec has settings, `NAME.manifest.json`, and
   * `SHA256SUMS`, which keeps its lines for other files there, with its signatures if the spec names a key. All of them are
   * there at the end, or none.
   */
  toFolder(folder: string | URL): Promise<ImageFiles>
  /**
   * The bytes of the image file, without the files beside it. The build begins with the first read, is only a few blocks ahead,
   * and ends if reading ends. A fault ends the stream with an error: what was read until then is no image. Every chunk belongs to
   * the reader. Read it to its end, or end it with `return`, as leaving a `for await` loop does: otherwise its threads keep
   * running, and the process does not end.
   */
  stream(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void>
  /**
   * The same without a copy: a chunk is lent, and may be read only until the promise that `write` returns is settled. It must not
   * be changed. Rejects with `TypeError` if `write` detaches it, as a transfer to a thread does. An abort does not wait for the
   * promise.
   */
  writeTo(write: (bytes: Uint8Array) => Promise<void>): Promise<ImageResult>
  /** The result, once the image is complete and in place. Rejects when the build has failed or was ended. */
  readonly result: Promise<ImageResult>
  /** Ends the build wherever it is, and resolves when nothing of it is left. */
  [Symbol.asyncDispose](): Promise<void>
}

const checkOptions = objectOf(BUILD_OPTIONS)

/**
 * Prepares a build of an image; nothing is read or written yet. Throws `TypeError` and `RangeError` for a spec or option that
 * cannot be meant. The build rejects with a `NspawnRootfsError` or with the signal's reason.
 */
export function build(spec: ImageSpec, options: BuildOptions = {}): ImageBuild {
  checkSpec(spec, 'spec')
  checkOptions(options, 'options')
  const absolute = snapshotOf(spec)
  const workerUrl = workerUrlOf(options.workerUrl)
  const listeners: ((progress: Progress) => void)[] = []
  const ending = new AbortController()
  const { promise: result, resolve, reject } = Promise.withResolvers<ImageResult>()
  // The call that begins the build reports the fault, too.
  result.catch(() => {})
  let begun: string | undefined
  let started: RestartingBuild | undefined
  let running: Promise<unknown> | undefined
  let isOver = false
  // After an abort, a stream may never be read again.
  ending.signal.addEventListener('abort', () => {
    if (options.signal?.aborted && !isOver) reject(options.signal.reason)
  })
  const abandon = () => {
    ending.abort()
    reject(ending.signal.reason)
  }

  const callbacks = createCallbacks(error => {
    ending.abort(error)
    // A stream may never be read again.
    reject(error)
  })

  const begin = (call: string) => {
    if (begun) throw new TypeError(`${call}: this build began with ${begun}, and makes one image; call build again`)
    begun = call
  }
  const start = async () => {
    const onProgress = (progress: Progress) => {
      for (const listener of listeners) listener(progress)
    }
    const { settled } = callbacks
    started = await startBuild(absolute, { ...options, workerUrl, onProgress, settled }, ending)
    return started
  }
  const run = <T extends ImageResult>(work: () => Promise<T>): Promise<T> => {
    const whole = work().finally(async () => {
      isOver = true
      await started?.close()
    })
    running = whole.then(resolve, reject)
    return whole
  }

  async function* read(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    try {
      const whole = yield* readStream(await start())
      isOver = true
      await started!.close()
      resolve(whole)
    } catch (error) {
      isOver = true
      reject(error)
      throw error
    } finally {
      await started?.close()
    }
  }

  return {
    result,
    on(event, listener) {
      if (event !== 'progress') throw new TypeError(`event: there is "progress", not ${JSON.stringify(event)}`)
      callback(listener, 'listener')
      listeners.push(callbacks.guard(listener))
      return this
    },
    async toFolder(folder) {
      const out = resolvePath(folder, 'folder')
      begin('toFolder')
      return run(async () => {
        // First: a wrong key should fail before the image is built.
        const signer = absolute.signing && (await openSigner(absolute.signing))
        return writeFolder(out, await start(), signer)
      })
    },
    stream() {
      begin('stream')
      const stream = read()
      const end = stream.return.bind(stream)
      // A generator's own takes effect only once a read that is under way has ended.
      stream.return = value => {
        abandon()
        return end(value)
      }
      return stream
    },
    async writeTo(write) {
      callback(write, 'write')
      begin('writeTo')
      return run(async () => writeStream(await start(), write))
    },
    async [Symbol.asyncDispose]() {
      begun ??= 'its end'
      // A finished build may not be closed yet.
      if (isOver) await running
      abandon()
      await running
      await started?.close()
    },
  }
}
