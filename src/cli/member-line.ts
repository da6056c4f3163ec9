/** An entry of an image as `tar -tv` shows it. */
import { type ByteString, decodeText, type ImageMember } from '../open/index.ts'

/** How each type is shown in front of the permission bits (GNU tar, src/list.c). */
const TYPE_LETTERS: Readonly<Record<ImageMember['type'], string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  'character-device': 'c',
  'block-device': 'b',
  fifo: 'p',
  other: '?',
}

/** Columns that owner, group and size take together at least; they grow with the longest so far. */
const WIDTH_MIN = 19

/** The path of an entry, a directory with `/` behind. */
export function shownPath({ path, type }: ImageMember): string {
  const text = path === '' ? '.' : shownName(path)
  return type === 'directory' ? `${text}/` : text
}

/** A backslash is doubled, as what cannot be shown begins with one. */
function shownName(name: ByteString): string {
  return decodeText(name).replaceAll('\\', '\\\\')
}

/** Shows entries in long form, one after the other. */
export function createLongForm(): (member: ImageMember) => string {
  let width = WIDTH_MIN
  return member => {
    const { type, uid, gid, size, device, target } = member
    const owner = `${uid}/${gid}`
    const amount = device ? `${device.major},${device.minor}` : String(size)
    width = Math.max(width, owner.length + 1 + amount.length)
    const link = type === 'symlink' ? ' -> ' : type === 'hardlink' ? ' link to ' : ''
    return [
      TYPE_LETTERS[type] + formatMode(type === 'symlink' ? 0o777 : member.mode),
      owner,
      amount.padStart(width - owner.length - 1),
      formatTime(member.mtime),
      shownPath(member) + (link && target !== undefined ? link + shownName(target) : ''),
    ].join(' ')
  }
}

function formatMode(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, i) => ((mode & (0o400 >> i)) === 0 ? '-' : letter))
  for (const [bit, at, letter] of [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const) {
    if (mode & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase()
  }
  return letters.join('')
}

/** The time of this machine's time zone, to the minute. */
function formatTime(seconds: number): string {
  const time = new Date(seconds * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`
}
