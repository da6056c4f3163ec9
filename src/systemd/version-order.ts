/**
 * Versions as `systemd-sysupdate` knows them: which texts are one, and which of two is newer (UAPI.10 Version Format
 * Specification, `strverscmp_improved` of systemd). Two versions are compared step by step, from their beginning:
 *
 *     step    = *other ["~"] (end / ["-"] ["^"] ["."] (digits / letters))
 *     digits  = a number of any length, compared by its value
 *     letters = none or more of A to Z and a to z, compared by their bytes
 *     other   = any other character: it only separates
 *
 * Within a step a mark is older than none, the end is older than what goes on, and letters are older than digits.
 */

/** The part before the end, and the rest if it is not the end. Both match everywhere. */
const BEGINNING = /[^0-9A-Za-z~^.-]*(~?)/y
const REST = /(-?)(\^?)(\.?)(?:(\d+)|([A-Za-z]*))/y

/** Longest name of a file on Linux, in bytes. */
const FILE_NAME_MAX = 255

/** Whether `@v` in a `MatchPattern=` of `systemd-sysupdate` takes a text (`version_is_valid`). */
export function isVersion(text: string): boolean {
  return /^[A-Za-z0-9.,_+-]+$/.test(text) && text.length <= FILE_NAME_MAX && text !== '.' && text !== '..'
}

/** Below 0 if `a` is older than `b`, above 0 if it is newer, 0 if neither, as `1.0` and `1.00` or `1_0` and `1+0`. */
export function compareSystemdVersions(a: string, b: string): number {
  const ours = stepsOf(a)
  const theirs = stepsOf(b)
  for (;;) {
    const our = ours.next().value
    const their = theirs.next().value
    if (!our || !their) return 0
    for (const [i, part] of our.entries()) {
      const other = their[i] ?? 0
      if (part !== other) return part < other ? -1 : 1
    }
  }
}

/** The steps of a version, each in parts of which the first that differs decides. The last step is the end. */
function* stepsOf(version: string): Generator<readonly (number | string)[], undefined> {
  let at = 0
  const take = (part: RegExp) => {
    part.lastIndex = at
    const match = part.exec(version) as RegExpExecArray
    at = part.lastIndex
    return match
  }
  for (;;) {
    const isFinal = take(BEGINNING)[1] === ''
    if (at === version.length) {
      yield [Number(isFinal), 0]
      return
    }
    const [, release, patch, point, digits, letters = ''] = take(REST)
    const marks = [release, patch, point].map(mark => Number(mark === ''))
    const number = digits?.replace(/^0+/, '') ?? ''
    yield [Number(isFinal), 1, ...marks, Number(digits !== undefined), number.length, number, letters]
  }
}
