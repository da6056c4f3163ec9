import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

/** Writes an input that fails to a file, and tells how to run it again. */
export function saveFailure(
  { name, failures }: { readonly name: string; readonly failures: string },
  input: Uint8Array,
  why: string,
): string {
  mkdirSync(failures, { recursive: true })
  const file = join(failures, `${name}-${crc32(input).toString(16).padStart(8, '0')}`)
  writeFileSync(file, input)
  return `${name} fails with ${input.length} bytes: ${why}\n  again: npm run fuzz -- ${name} --input ${file}`
}
