/** Text without percent-encoding; as it is where that is malformed or not UTF-8. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
