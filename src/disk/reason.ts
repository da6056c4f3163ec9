/** Why a system call failed, in words: Node's message without the code and the call's arguments, or a plainer one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EISDIR') return 'it is a folder'
  const said = /^[A-Z0-9_]+: (.*?)(?:, \w+(?: '.*)?)?$/s.exec(error.message)
  return said?.[1] ?? error.message
}

/** Whether a system call failed: Node's own errors have a code, too, but no number of the system's. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error)) return false
  const { errno, syscall }: NodeJS.ErrnoException = error
  return typeof errno === 'number' && typeof syscall === 'string'
}

/** Whether a system call failed because nothing lies at a path, were it for a file in the place of a folder above. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
