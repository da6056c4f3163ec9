import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { resolvePath, someText } from '../arguments.ts'
import { encodeText } from '../bytes/index.ts'
import { readPieces, withDescriptor } from '../descriptors.ts'
import {
  CHECKSUMS_FILE,
  imageNameOf,
  manifestFileOf,
  ownChecksumsFileOf,
  SIGNATURE_FILES,
  settingsFileOf,
} from '../image-files.ts'
import { CheckError } from './errors.ts'
import { createFindings, type Finding, type Report } from './findings.ts'
import type { ImageCheckOptions } from './image-check.ts'
import { versionsOf } from './versions.ts'

const CHECKSUMS = encodeText(CHECKSUMS_FILE)
const SIGNATURES = [encodeText(SIGNATURE_FILES.binary), encodeText(SIGNATURE_FILES.armored)] as const
/** Bytes of a file of checksums. */
const CHECKSUMS_MAX = 1024 * 1024
/** Bytes read from disk at a time. */
const READ_SIZE = 256 * 1024

/**
 * Checks what lies beside an image in the folder that `machinectl pull-tar` is to get it from: checksums, signature,
 * settings. Signatures are looked for, not verified. Throws `CheckError` IMAGE_UNREADABLE.
 */
export async function checkDelivery(
  folder: string | URL,
  imageFile: string,
  { systemd }: Pick<ImageCheckOptions, 'systemd'> = {},
): Promise<Finding[]> {
  someText(imageFile, 'imageFile')
  const { report, list } = createFindings(versionsOf(systemd))
  const whole = resolvePath(folder, 'folder')
  const files = new Set(await attempt(`${folder}`, () => withDescriptor(() => readdir(whole))))
  const read = (file: string) => attempt(join(`${folder}`, file), () => readChecksums(join(whole, file)))

  const settings = settingsFileOf(imageNameOf(imageFile))
  const own = ownChecksumsFileOf(imageFile)
  if (files.has(own)) {
    const path = encodeText(own)
    const message = `with it, pull-tar of systemd 252 to 257 asks for no ${CHECKSUMS}.gpg, and fails: remove it`
    report('sha256-file', message, { path, severity: 'warning', until: 257 })
    if (files.has(settings)) {
      const message = `has no line for ${settings}, which pull-tar then refuses: remove it`
      if (!hasLine(await read(own), settings)) report('sha256-file', message, { path })
    }
  }
  const signatures = SIGNATURES.filter(file => files.has(file))
  if (!files.has(CHECKSUMS)) {
    report('checksums', `is missing: pull-tar needs --verify=no`, { path: CHECKSUMS, severity: 'warning' })
    for (const path of signatures) report('signature', `there is no ${CHECKSUMS} to it`, { path })
    return list()
  }
  const text = await read(CHECKSUMS)
  const isReadWhole = text.length <= CHECKSUMS_MAX
  if (!isReadWhole) {
    report(
      'checksums',
      `has more than the ${CHECKSUMS_MAX} bytes that pull-tar takes: leave out what is not beside it`,
      { path: CHECKSUMS },
    )
  }
  if (isReadWhole && !text.endsWith('\n')) {
    report('checksums', 'its last line does not end with a newline, and is not found', { path: CHECKSUMS })
  }
  const digestHere = (file: string) => attempt(join(`${folder}`, file), () => digestOf(join(whole, file)))
  for (const file of [imageFile, settings]) {
    if (!isReadWhole || !files.has(file)) continue
    if (linesFor(text, file).length > 0) checkLine(text, file, await digestHere(file), report)
    // import-tar takes it all the same; it may lie in a folder of other images.
    else if (file === imageFile) report('checksums', noLineFor(file), { path: CHECKSUMS, severity: 'warning' })
    else report('checksums', noLineFor(file), { path: CHECKSUMS })
  }
  const manifest = manifestFileOf(imageNameOf(imageFile))
  const listed = linesFor(text, manifest)
  if (isReadWhole && files.has(manifest) && listed.length > 0) {
    const digest = await digestHere(manifest)
    const message = `has another digest for ${manifest} than it has: pull-tar does not mind, other programs refuse it`
    const isRight = listed.some(({ sum }) => sum.toLowerCase() === digest)
    if (!isRight) report('checksums', message, { path: CHECKSUMS, severity: 'warning' })
  }
  if (signatures.length === 0) {
    report('signature', `is not signed: pull-tar needs --verify=checksum`, { path: CHECKSUMS })
  } else if (!files.has(SIGNATURES[0])) {
    report('signature', 'systemd up to 257 looks for no other', { path: SIGNATURES[0], until: 257 })
  }
  return list()
}

function hasLine(text: string, file: string): boolean {
  const name = Buffer.from(file).toString('latin1')
  return text.split('\n').some(line => /^[0-9a-f]{64} [ *]?/.test(line) && line.endsWith(name))
}

function noLineFor(file: string): string {
  return `has no line for ${file}, and pull-tar does not take it: add what sha256sum says of it`
}

/** As systemd looks for a file: 64 lower-case digits, a separator, the name. */
function checkLine(text: string, file: string, digest: string, report: Report): void {
  const path = CHECKSUMS
  const lines = linesFor(text, file)
  if (!lines.some(({ sum }) => sum.toLowerCase() === digest)) {
    report('checksums', `has another digest for ${file} than it has: make it anew`, { path })
  } else if (!lines.some(({ sum }) => sum === digest)) {
    report('checksums', `has upper-case digits for ${file}, which systemd does not find`, { path })
  } else if (!lines.some(({ sum, separator }) => sum === digest && separator.length === 2)) {
    report('checksums', `has one space in front of ${file}: up to systemd 256 it takes two`, { path, until: 256 })
  }
}

function linesFor(text: string, file: string): { readonly sum: string; readonly separator: string }[] {
  return text.split('\n').flatMap(line => {
    const [, sum = '', separator = '', name] = /^([0-9a-fA-F]{64})( [ *]?)(.*)$/.exec(line) ?? []
    return name === Buffer.from(file).toString('latin1') ? [{ sum, separator }] : []
  })
}

/** A file of checksums as one-byte text; of one that pull-tar refuses, a byte more than it takes. */
async function readChecksums(file: string): Promise<string> {
  await checkIsFile(file)
  const chunks: Buffer[] = []
  for await (const chunk of readPieces(file, { pieceSize: READ_SIZE, end: CHECKSUMS_MAX })) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

/** Opening a pipe would wait for who writes to it. */
async function checkIsFile(file: string): Promise<void> {
  if (!(await stat(file)).isFile()) throw new Error('it is no regular file')
}

async function digestOf(file: string): Promise<string> {
  await checkIsFile(file)
  const hash = createHash('sha256')
  await pipeline(readPieces(file, { pieceSize: READ_SIZE }), hash)
  return hash.digest('hex')
}

async function attempt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw new CheckError('IMAGE_UNREADABLE', `${path}: cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
