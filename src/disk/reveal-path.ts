/**
 * A text, or an error or a warning with `message` and `path`, with the path `from`, which is for system calls, replaced by `to`,
 * which is for people. What does not name the path is given back as it is; an error that does, as a copy.
 */
export function revealPath<T>(told: T, from: string, to: string): T {
  const shown = <V>(value: V) => (typeof value === 'string' ? (value.replaceAll(from, () => to) as V) : value)
  if (typeof told !== 'object' || told === null) return shown(told)
  // Those of a DOMException are not its own, and not to be copied.
  if (!Object.hasOwn(told, 'message')) return told
  const { message, path } = told as { message?: unknown; path?: unknown }
  if (shown(message) === message && shown(path) === path) return told
  const replaced = { message: shown(message), ...(path === undefined ? {} : { path: shown(path) }) }
  return told instanceof Error ? copyError(told, { ...replaced, stack: shown(told.stack) }) : { ...told, ...replaced }
}

function copyError<E extends Error>(error: E, replaced: object): E {
  const copy = 'cause' in error ? new Error('', { cause: error.cause }) : new Error('')
  if (error instanceof AggregateError) Object.defineProperty(copy, 'errors', { value: error.errors })
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error))
  return Object.assign(copy, error, replaced) as E
}
