/** The only functions that print text for people: they escape control characters in names from outside. */
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { Warning } from '../index.ts'
import { printable, printableJson, printableLines } from '../printable.ts'
import { isStdoutRead, printToStdout } from './stdout.ts'

/** Text with a style, where the terminal has some. */
export interface Styled {
  readonly style: Parameters<typeof styleText>[0]
  readonly text: string
}

/** A line in parts. Only a style may add control characters. */
export type Line = string | readonly (string | Styled)[]

/** A line as it is written to `stream`: a part that holds several is shown as one. */
export function formatLine(line: Line, stream: WriteStream): string {
  const parts = typeof line === 'string' ? [line] : line
  return parts
    .map(part => (typeof part === 'string' ? printable(part) : styleText(part.style, printable(part.text), { stream })))
    .join('')
}

/** Prints lines, each of which stays one. */
export function printLines(lines: readonly Line[], stream: WriteStream = process.stdout): void {
  write(lines.map(line => `${formatLine(line, stream)}\n`).join(''), stream)
}

/** Characters that are printed at a time, where there may be very many. */
const BATCH_SIZE = 64 * 1024

/**
 * Prints lines of text for people or programs, as they come and no faster than they are read. Stops when the reader,
 * such as `head`, has ended.
 */
export async function printAll(lines: AsyncIterable<string>): Promise<void> {
  const isRead = isStdoutRead()
  let batch = ''
  const flush = async () => {
    const text = batch
    batch = ''
    if (isRead) return new Promise<boolean>(resolve => process.stdout.write(text, error => resolve(!error)))
    printToStdout(text)
    return true
  }
  for await (const line of lines) {
    batch += `${line}\n`
    if (batch.length >= BATCH_SIZE && !(await flush())) return
  }
  await flush()
}

/** Prints a text of ours, of any lines, in which names are quoted where they could hold some. */
export function print(text: string, stream: WriteStream = process.stdout): void {
  write(`${printableLines(text)}\n`, stream)
}

/** Prints a value for programs. */
export function printJson(value: unknown, stream: WriteStream = process.stdout, indent?: number): void {
  write(`${printableJson(value, indent)}\n`, stream)
}

/** Writes text that may be shown as it is. Throws where that is a result, and standard output cannot take it. */
export function write(text: string, stream: WriteStream): void {
  if (stream === process.stdout) printToStdout(text)
  else stream.write(text)
}

/** Prints warnings to standard error. */
export function printWarnings(warnings: readonly Warning[]): void {
  printLines(
    warnings.map(({ message }) => `warning: ${message}`),
    process.stderr,
  )
}
