/** Why a system call failed, in words: Node's message without the code and the call's arguments. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const said = /^[A-Z0-9_]+: (.*?)(?:, \w+(?: '.*)?)?$/s.exec(error.message)
  return said?.[1] ?? error.message
}
