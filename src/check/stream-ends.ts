/** What is told of the end of compressed data, whatever it is compressed with. */
import type { ByteInput } from './byte-input.ts'
import { CheckError } from './errors.ts'
import type { FindingDetails, Report } from './findings.ts'

/** Says that another stream follows the first. */
export function reportSecond(name: string, report: Report): void {
  report('one-stream', `goes on behind the end of its first ${name} stream: compress it as one, with ${name} itself`)
}

/** Says that something lies behind compressed data that is no more of it. */
export function reportTrailingBytes(name: string, report: Report, details: FindingDetails = {}): void {
  report(
    'trailing-bytes',
    `has bytes behind its ${name} data that are none: cut them off, or compress it again`,
    details,
  )
}

/** For data that ends too early. */
export function truncated(name: string, input: ByteInput): CheckError {
  const message = `ends in the middle of its ${name} data, behind ${input.size} bytes: get the rest of it`
  return new CheckError('IMAGE_TRUNCATED', message)
}
