import { links } from './memory.ts'

/**
 * A link leads from a position to an earlier one, and says how many bytes they share:
 *
 *     link = length << 24 | position    32 bits; 0 for none
 */

export function setLink(position: i32, earlier: i32, length: i32): void {
  store<i32>(links + (position << 2), earlier | (length << 24))
}

export function clearLink(position: i32): void {
  store<i32>(links + (position << 2), 0)
}

export function linkAt(position: i32): u32 {
  return load<u32>(links + (position << 2))
}

export function linkedPosition(link: u32): i32 {
  return <i32>(link & 0xff_ffff)
}

export function linkedLength(link: u32): i32 {
  return <i32>(link >>> 24)
}
