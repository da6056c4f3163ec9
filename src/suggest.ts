/** Longer words and lists would take long to compare, and a suggestion from them helps nobody. */
const LENGTH_MAX = 100
const KNOWN_MAX = 1000

/** The end of a message about a word that is unknown: the known one that it was probably meant to be, or nothing. */
export function suggest(word: string, known: readonly string[]): string {
  if (word.length > LENGTH_MAX || known.length > KNOWN_MAX) return ''
  const close = known
    .filter(other => other.length <= LENGTH_MAX)
    .map(other => ({ other, distance: editDistance(word.toLowerCase(), other.toLowerCase()) }))
    .filter(({ other, distance }) => distance <= Math.max(1, Math.floor(Math.min(word.length, other.length) / 3)))
    .sort((a, b) => a.distance - b.distance)
  return close.length > 0 ? `; did you mean ${close[0].other}?` : ''
}

/** How many letters have to be put in, left out, or changed to make one word of another (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]
}
