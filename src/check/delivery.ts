import { objectOf, someText } from '../arguments.ts'
import { type ByteString, encodeText } from '../bytes/index.ts'
import {
  CHECKSUMS_FILE,
  COMPANION_MAX,
  imageNameOf,
  manifestFileOf,
  ownChecksumsFileOf,
  SIGNATURE_FILES,
  settingsFileOf,
  urlNameOf,
} from '../image-files.ts'
import { SERVER_OPTIONS, type ServerOptions } from '../image-source/index.ts'
import { importedLinesOf, parseChecksums } from '../manifest/index.ts'
import { createFindings, type Finding, type Report } from './findings.ts'
import type { ImageCheckOptions } from './image-check.ts'
import { type ImageFolder, openImageFolder } from './image-folder.ts'
import { systemdVersion, versionsOf } from './versions.ts'

const CHECKSUMS = encodeText(CHECKSUMS_FILE)
const SIGNATURES = [encodeText(SIGNATURE_FILES.binary), encodeText(SIGNATURE_FILES.armored)] as const

/** What an image has to fit, and how what lies beside it is reached. */
export interface DeliveryCheckOptions extends Pick<ImageCheckOptions, 'systemd'>, ServerOptions {
  /** SHA-256 of the image, as `checkArchive` tells it; else it is read again. */
  readonly digest?: string
}

const checkOptions = objectOf({ systemd: systemdVersion, digest: someText, ...SERVER_OPTIONS })

/**
 * Checks what lies beside an image in the folder, a path or a URL that ends with `/`, that `machinectl pull-tar` is to get it
 * from: checksums, signature, settings. Signatures are looked for, not verified. Throws `CheckError` IMAGE_UNREADABLE.
 */
export async function checkDelivery(
  folder: string | URL,
  imageFile: string,
  options: DeliveryCheckOptions = {},
): Promise<Finding[]> {
  someText(imageFile, 'imageFile')
  checkOptions(options, 'options')
  const { report, list } = createFindings(versionsOf(options.systemd))
  const beside = await openImageFolder(folder, options)
  try {
    await lookBeside(beside, imageFile, options.digest, report)
  } finally {
    await beside.close()
  }
  return list()
}

async function lookBeside(
  beside: ImageFolder,
  imageFile: string,
  digest: string | undefined,
  report: Report,
): Promise<void> {
  await checkOwnChecksums(beside, imageFile, report)
  const signatures: ByteString[] = []
  for (const file of SIGNATURES) if (await beside.has(file)) signatures.push(file)
  if (!(await beside.has(CHECKSUMS))) {
    report('checksums', `is missing: pull-tar needs --verify=no`, { path: CHECKSUMS, severity: 'warning' })
    for (const path of signatures) report('signature', `there is no ${CHECKSUMS} to it`, { path })
    return
  }
  const text = await beside.read(CHECKSUMS)
  if (text === undefined) {
    const message = `has more than the ${COMPANION_MAX} bytes that pull-tar takes: leave out what is not beside it`
    report('checksums', message, { path: CHECKSUMS })
  } else {
    await checkChecksums(text, beside, { imageFile, digest }, report)
    await checkManifestLine(text, beside, manifestFileOf(imageNameOf(imageFile)), report)
  }
  if (signatures.length === 0) {
    report('signature', `is not signed: pull-tar needs --verify=checksum`, { path: CHECKSUMS })
  } else if (!signatures.includes(SIGNATURES[0])) {
    report('signature', 'systemd up to 257 looks for no other', { path: SIGNATURES[0], until: 257 })
  }
}

/** Checksums of one image alone. */
async function checkOwnChecksums(beside: ImageFolder, imageFile: string, report: Report): Promise<void> {
  const own = ownChecksumsFileOf(imageFile)
  if (!(await beside.has(own))) return
  const path = encodeText(own)
  const message = `with it, pull-tar of systemd 252 to 257 asks for no ${CHECKSUMS}.gpg, and fails: remove it`
  report('sha256-file', message, { path, severity: 'warning', until: 257 })
  const settings = settingsFileOf(imageNameOf(imageFile))
  if (!(await beside.has(settings))) return
  const text = (await beside.read(own)) ?? ''
  if (importedLinesOf(text, settings).length > 0) return
  report('sha256-file', `has no line for ${settings}, which pull-tar then refuses: remove it`, { path })
}

/** The lines that pull-tar looks for: those of the image and its settings. */
async function checkChecksums(
  text: string,
  beside: ImageFolder,
  { imageFile, digest: known }: { readonly imageFile: string; readonly digest: string | undefined },
  report: Report,
): Promise<void> {
  if (!text.endsWith('\n')) {
    report('checksums', 'its last line does not end with a newline, and is not found', { path: CHECKSUMS })
  }
  for (const file of [imageFile, settingsFileOf(imageNameOf(imageFile))]) {
    const digest = file === imageFile ? known : undefined
    if (digest === undefined && !(await beside.has(file))) continue
    if (importedLinesOf(text, file).length > 0) {
      checkLine(text, file, digest ?? (await beside.digestOf(file)), report)
      continue
    }
    // It may be about other images in the folder; import-tar does not look at it.
    const isOfOthers = file === imageFile && text !== '' && !text.includes(latin1(file))
    report('checksums', noLineFor(file), { path: CHECKSUMS, ...(isOfOthers && { severity: 'warning' as const }) })
  }
}

/** The line of the manifest, if there is one: pull-tar does not fetch it. */
async function checkManifestLine(text: string, beside: ImageFolder, manifest: string, report: Report): Promise<void> {
  const lines = parseChecksums(text).filter(({ file }) => file === latin1(manifest))
  if (lines.length === 0 || !(await beside.has(manifest))) return
  const digest = await beside.digestOf(manifest)
  if (lines.some(({ sha256 }) => sha256 === digest)) return
  const message = `has another digest for ${manifest} than it has: pull-tar does not mind, other programs refuse it`
  report('checksums', message, { path: CHECKSUMS, severity: 'warning' })
}

/** A file name as it stands in a text that is read byte for byte. */
function latin1(file: string): string {
  return Buffer.from(file).toString('latin1')
}

function noLineFor(file: string): string {
  const listed = urlNameOf(file)
  if (listed === file) return `has no line for ${file}, and pull-tar does not take it: add what sha256sum says of it`
  return `has no line for ${listed}, as a URL names ${file}, and pull-tar does not take it: give it a name without such characters`
}

function checkLine(text: string, file: string, digest: string, report: Report): void {
  const path = CHECKSUMS
  const lines = importedLinesOf(text, file)
  if (!lines.some(({ sum }) => sum.toLowerCase() === digest)) {
    report('checksums', `has another digest for ${file} than it has: make it anew`, { path })
  } else if (!lines.some(({ sum }) => sum === digest)) {
    report('checksums', `has upper-case digits for ${file}, which systemd does not find`, { path })
  } else if (!lines.some(({ sum, separator }) => sum === digest && separator.length === 2)) {
    report('checksums', `has one space in front of ${file}: up to systemd 256 it takes two`, { path, until: 256 })
  }
}
