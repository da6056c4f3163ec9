/**
 * `SHA256SUMS`, in the one form that `machinectl pull-tar` of every systemd version finds a file in:
 *
 *     line = 64 lower-case hex digits, "  ", file name, "\n"        the last newline must be there
 */
import type { ArtefactDigest } from './manifest.ts'

const LINE = /^([0-9a-f]{64})(?: {2}| \*)([^/]+)$/

/** The lines of a file of checksums. */
export function parseChecksums(text: string): Pick<ArtefactDigest, 'file' | 'sha256'>[] {
  return text.split('\n').flatMap(line => {
    const [, sha256, file] = LINE.exec(line) ?? []
    return sha256 && file ? [{ sha256, file }] : []
  })
}

/** The text for `artefacts`, together with the lines of other files. */
export function mergeChecksums(
  others: readonly Pick<ArtefactDigest, 'file' | 'sha256'>[],
  artefacts: readonly Pick<ArtefactDigest, 'file' | 'sha256'>[],
): string {
  const digests = new Map([...others, ...artefacts].map(({ file, sha256 }) => [file, sha256]))
  const files = [...digests.keys()].sort()
  return files.map(file => `${digests.get(file)}  ${file}\n`).join('')
}
