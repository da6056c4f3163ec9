import { crc32, writeU32le } from '../bytes/index.ts'
import { crc64 } from './crc64/crc64.ts'
import { XzError } from './errors.ts'

/**
 * Checks of a block's uncompressed data (xz-file-format 1.2, sections 2.1.1.2 and 3.4).
 *
 * One kind serves the whole stream. Its ID stands in the stream flags, its value behind each block, little-endian.
 */

/** The kinds of check that this library can frame. */
export type Check = 'none' | 'crc32' | 'crc64' | 'sha256'

/** The kinds that it can also compute. SHA-256 is the caller's: hand the digest to whatever needs the value. */
export type ComputableCheck = Exclude<Check, 'sha256'>

const CHECKS: Readonly<Record<Check, { readonly id: number; readonly size: number }>> = {
  none: { id: 0x00, size: 0 },
  crc32: { id: 0x01, size: 4 },
  crc64: { id: 0x04, size: 8 },
  sha256: { id: 0x0a, size: 32 },
}

const CHECK_OF_ID = new Map(Object.entries(CHECKS).map(([check, { id }]) => [id, check as Check]))

/** The ID of a check, as in the stream flags: 0 to 15. Throws `RangeError` for what is none. */
export function checkId(check: Check): number {
  return factsOf(check).id
}

/** The size of a check's value in bytes: 0, 4, 8 or 32. Throws `RangeError` for what is none. */
export function checkSize(check: Check): number {
  return factsOf(check).size
}

function factsOf(check: Check) {
  if (Object.hasOwn(CHECKS, check)) return CHECKS[check]
  throw new RangeError(`check: give one of ${Object.keys(CHECKS).join(', ')}, not ${String(check)}`)
}

/** The check with this ID. Throws {@link XzError} `XZ_UNSUPPORTED` for one that the format has only reserved. */
export function checkOfId(id: number): Check {
  const check = CHECK_OF_ID.get(id)
  if (check === undefined) {
    throw new XzError(
      'XZ_UNSUPPORTED',
      `the check ID ${id} is not known: expected none (0), crc32 (1), crc64 (4), sha256 (10)`,
    )
  }
  return check
}

/** The value of a check over `chunks`, one after the other, as it stands behind a block. */
export function computeCheck(check: ComputableCheck, ...chunks: readonly Uint8Array[]): Uint8Array {
  const running = createRunningCheck(check)
  for (const chunk of chunks) running.update(chunk)
  return running.value()
}

/** A SHA-256 that is being computed, as Node's `createHash('sha256')` gives it. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

/** The value of a check over data that comes in pieces. */
export interface RunningCheck {
  update(bytes: Uint8Array): void
  /** The value, as it stands behind a block: call it once, at the end. */
  value(): Uint8Array
}

/** Computes a check: SHA-256 by what `createSha256` gives, the others itself. Throws `TypeError` if it is missing. */
export function createRunningCheck(check: Check, createSha256?: () => Sha256): RunningCheck {
  if (check === 'sha256') {
    if (!createSha256) throw new TypeError('SHA-256 has to be given: createSha256')
    const hash = createSha256()
    return { update: bytes => void hash.update(bytes), value: () => hash.digest() }
  }
  let crc = check === 'crc64' ? 0n : 0
  return {
    update(bytes) {
      if (check === 'crc64') crc = crc64(bytes, crc as bigint)
      else if (check === 'crc32') crc = crc32(bytes, crc as number)
    },
    value() {
      const value = new Uint8Array(checkSize(check))
      if (check === 'crc64') new DataView(value.buffer).setBigUint64(0, crc as bigint, true)
      else if (check === 'crc32') writeU32le(value, 0, crc as number)
      return value
    },
  }
}

/**
 * Compares the check value that stands behind a block with the one of its data ({@link computeCheck}, or the caller's
 * SHA-256). Throws {@link XzError} `XZ_CHECK` where they differ.
 */
export function verifyCheck(check: Check, stored: Uint8Array, computed: Uint8Array): void {
  const size = checkSize(check)
  if (stored.length !== size || computed.length !== size || stored.some((byte, i) => byte !== computed[i])) {
    throw new XzError(
      'XZ_CHECK',
      `the ${check} of the block is ${hex(stored)}, that of its data ${hex(computed)}: the data is damaged`,
    )
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('') || '(empty)'
}
