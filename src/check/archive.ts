import { createHash } from 'node:crypto'
import { objectOf, oneOf, resolvePath } from '../arguments.ts'
import { describeUrl } from '../describe-url.ts'
import { readPieces } from '../descriptors.ts'
import { reasonOf } from '../disk/index.ts'
import { IMAGE_SIZE_MAX, openAccess, openUrl, SERVER_OPTIONS, type ServerOptions } from '../image-source/index.ts'
import { isHttp } from '../is-http.ts'
import { createByteInput, type DetectedCompression, detectCompression, MARK_SIZE } from '../unpack/index.ts'
import { SYSTEMS, type System } from './elf.ts'
import { CheckError } from './errors.ts'
import type { Finding } from './findings.ts'
import { createImageCheck, type ImageCheckOptions, type ImageVerdict } from './image-check.ts'
import { unpackImage } from './unpack.ts'
import { type SystemdVersions, systemdVersion, versionsOf } from './versions.ts'

/** What a check of an image file came to. Plain data. */
export interface ArchiveReport {
  /** The versions of systemd that the image has to fit. */
  readonly systemd: SystemdVersions
  readonly findings: readonly Finding[]
  readonly compression: DetectedCompression
  /** Bytes of the file, and of the tar archive in it. */
  readonly size: number
  readonly tarSize: number
  /** Number of entries. */
  readonly entries: number
  /** The system that the init of the image is for, if that can be told. */
  readonly system?: System
  /** Base names of all that lies in `nix/store`, sorted. */
  readonly storePaths: readonly string[]
  /** SHA-256 of a file on a server that was read to its end, in hexadecimal digits. */
  readonly digest?: string
}

/** What an image has to fit, and how a server is reached that has it. */
export interface ArchiveCheckOptions extends ImageCheckOptions, ServerOptions {}

/** So few, because a few kilobytes may stand for many megabytes, and a decoder may give all of them at once. */
const PIECE_SIZE = 4096

/** What systemd decompresses, zstd from 258 on and lz4 from 261 on. */
const READ_BY_SYSTEMD = ['none', 'xz', 'gzip', 'bzip2', 'zstd', 'lz4'] as const

const checkOptions = objectOf({
  system: oneOf(SYSTEMS),
  systemd: systemdVersion,
  ...SERVER_OPTIONS,
})

/**
 * Checks an image file, given by its path, its URL or as its bytes: a tar archive by any tool, compressed or not. What it
 * is compressed with is told by its first bytes. Memory holds a small record of each entry, the first kilobyte of each
 * executable file, and the whole of `nix-path-registration`; of an .xz besides its dictionary and some megabytes.
 * A damaged file is a finding; throws `CheckError` IMAGE_UNREADABLE for one that cannot be read, and `RangeError` for a
 * version of systemd that is not known.
 */
export async function checkArchive(
  image: string | URL | AsyncIterable<Uint8Array>,
  options: ArchiveCheckOptions = {},
): Promise<ArchiveReport> {
  checkOptions(options, 'options')
  if (isStream(image)) return checkBytes(onlyBytes(readable(image, 'the image')), options)
  if (isHttp(image)) return checkUrl(String(image), options)
  const file = resolvePath(image, 'image')
  return checkBytes(readable(readPieces(file), `${image}`), options)
}

/** Passes on the pieces of an image. Throws `TypeError` for one that is not bytes. */
async function* onlyBytes(image: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of image) {
    if (!(piece instanceof Uint8Array))
      throw new TypeError(`image: give pieces that are Uint8Arrays, not ${typeof piece}`)
    yield piece
  }
}

/** Checks an image on a server, which is read once. */
async function checkUrl(url: string, options: ArchiveCheckOptions): Promise<ArchiveReport> {
  const hash = createHash('sha256')
  const end: { digest?: string } = {}
  async function* read(): AsyncGenerator<Uint8Array> {
    const access = await openAccess(url, options)
    try {
      for await (const piece of (await openUrl(url, access)).stream(0)) {
        hash.update(piece)
        yield piece
      }
      end.digest = hash.digest('hex')
    } finally {
      await access.close()
    }
  }
  const report = await checkBytes(readable(read(), describeUrl(url)), options)
  return { ...report, ...end }
}

async function checkBytes(source: AsyncIterable<Uint8Array>, options: ImageCheckOptions): Promise<ArchiveReport> {
  const systemd = versionsOf(options.systemd)
  const input = createByteInput(source, PIECE_SIZE)
  const compression = detectCompression(await input.peek(MARK_SIZE))
  const check = createImageCheck(options)
  const { report } = check

  const known = READ_BY_SYSTEMD.find(name => name === compression)
  if (known === undefined) {
    report('compression', `is compressed with ${compression}: use xz`)
    await input.drain()
    const { findings, storePaths } = await check.finish({ isPartial: true })
    return { systemd, findings, compression, size: input.size, tarSize: 0, entries: 0, storePaths }
  }
  if (compression === 'zstd') {
    report('compression', 'is compressed with zstd, which systemd reads from 258 on: use xz', { until: 257 })
  }
  if (compression === 'lz4') {
    report('compression', 'is compressed with lz4, which systemd reads from 261 on: use xz', { until: 260 })
  }
  // What reads tar archives is loaded for those who have some: a build checks its entries without.
  const { readTar } = await import('./tar.ts')
  const { entries, size: tarSize, isWhole } = await readTar(unpackImage(input, known, report), check)
  const { size } = input
  if (size > IMAGE_SIZE_MAX || tarSize > IMAGE_SIZE_MAX) {
    report(
      'size',
      `has ${size} bytes and ${tarSize} unpacked, where pull-tar takes ${IMAGE_SIZE_MAX} of each: use import-tar`,
    )
  }
  const verdict: ImageVerdict = await check.finish({ isPartial: !isWhole })
  return { systemd, ...verdict, compression, size, tarSize, entries }
}

function isStream(image: unknown): image is AsyncIterable<Uint8Array> {
  return typeof image === 'object' && image !== null && Symbol.asyncIterator in image
}

async function* readable(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch (error) {
    const reason = reasonOf(error)
    const message = reason.startsWith(`${name}: `) ? reason : `${name}: cannot be read: ${reason}`
    throw new CheckError('IMAGE_UNREADABLE', message, { cause: error })
  }
}
