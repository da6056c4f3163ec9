/** Why a system call failed, in words: Node's message without the code and the call's arguments, or a plainer one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EISDIR') return 'it is a folder'
  const said = /^[A-Z0-9_]+: (.*?)(?:, \w+(?: '.*)?)?$/s.exec(error.message)
  return said?.[1] ?? error.message
}
