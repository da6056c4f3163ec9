/**
 * `SHA256SUMS`, in the one form that `machinectl pull-tar` of every systemd version finds a file in:
 *
 *     line = 64 lower-case hex digits, "  ", file name, "\n"        the last newline must be there
 */
import type { ArtefactDigest } from './manifest.ts'

/** The name under which systemd looks for it, beside the image. */
export const CHECKSUMS_FILE = 'SHA256SUMS'

/**
 * Its detached OpenPGP signatures, binary and armored. systemd 252 to 257 look for the first only, 258 and newer for both;
 * neither asks for them where a `NAME.sha256` lies beside the image, so there is none.
 */
export const SIGNATURE_FILES = { binary: `${CHECKSUMS_FILE}.gpg`, armored: `${CHECKSUMS_FILE}.asc` } as const

const LINE = /^([0-9a-f]{64})(?: {2}| \*)([^/]+)$/

/**
 * The text for `artefacts`, together with what `previous` says of the files that `keep` tells to: images of several
 * systems may share a folder.
 */
export function mergeChecksums(
  previous: string,
  artefacts: readonly ArtefactDigest[],
  keep: (file: string) => boolean,
): string {
  const digests = new Map<string, string>()
  for (const line of previous.split('\n')) {
    const [, sha256, file] = LINE.exec(line) ?? []
    if (sha256 && file && keep(file)) digests.set(file, sha256)
  }
  for (const { file, sha256 } of artefacts) digests.set(file, sha256)
  const files = [...digests.keys()].sort()
  return files.map(file => `${digests.get(file)}  ${file}\n`).join('')
}
