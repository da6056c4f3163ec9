import { SystemdError } from './errors.ts'

/** Checks the name of a file that systemd reads from a folder, and returns it. Throws `SystemdError` STUB_INVALID. */
export function checkFileName(name: string, suffix: string): string {
  if (name.endsWith(suffix) && name.length > suffix.length && !/[/\0]/.test(name) && !name.startsWith('.')) return name
  throw new SystemdError('STUB_INVALID', `give the name of a file that ends in ${suffix}, not ${JSON.stringify(name)}`)
}
