/**
 * What the kernel looks at before it executes a program (elf(5); execve(2)).
 *
 *     offset  bytes  field of a 64-bit ELF file
 *          0      4  7F 'ELF'
 *          4      1  class: 1 for 32 bits, 2 for 64
 *          5      1  byte order: 1 for little-endian
 *         18      2  machine
 *         32      8  where the program headers are
 *         54      4  size of a program header (2), and their number (2)
 *
 *     offset  bytes  field of a program header
 *          0      4  type: 3 for the name of the interpreter
 *          8      8  where that is in the file
 *         32      8  its length, with the NUL behind it
 */
import { type ByteString, decodeByteString, readU32le, readU64le } from '../bytes/index.ts'
import type { Program } from '../tree/index.ts'

/** The systems that images are named after. */
export const SYSTEMS = ['x86_64-linux', 'aarch64-linux'] as const

/** A system, as Nix names it. */
export type System = (typeof SYSTEMS)[number]

/** The machines of ELF files by systems. */
export const MACHINES: Readonly<Record<System, number>> = { 'x86_64-linux': 62, 'aarch64-linux': 183 }

const PT_INTERP = 3

/** Tells what a file is by its first bytes. The interpreter of an ELF file is known if its name lies in them. */
export function identifyProgram(head: Uint8Array): Program {
  if (head[0] === 0x23 && head[1] === 0x21) {
    const [line] = decodeByteString(head.subarray(2, 256)).split('\n', 1)
    const interpreter = line!.match(/^[ \t]*([^ \t\0]+)/)?.[1]
    return interpreter === undefined ? { kind: 'unknown' } : { kind: 'script', interpreter }
  }
  if (head.length < 20 || readU32le(head, 0) !== 0x464c457f) return { kind: 'unknown' }
  const isBigEndian = head[5] === 2
  const machine = isBigEndian ? head[18]! * 256 + head[19]! : head[18]! + head[19]! * 256
  const interpreter = head[4] === 2 && !isBigEndian ? interpreterOf(head) : undefined
  return { kind: 'elf', machine, ...(interpreter !== undefined && { interpreter }) }
}

/** The system that a machine belongs to; `undefined` for one that no image is made for. */
export function systemOfMachine(machine: number): System | undefined {
  return SYSTEMS.find(system => MACHINES[system] === machine)
}

function interpreterOf(head: Uint8Array): ByteString | undefined {
  if (head.length < 64) return undefined
  const start = readU64le(head, 32) ?? Infinity
  const size = readU32le(head, 52) >>> 16
  const count = readU32le(head, 56) & 0xffff
  for (let i = 0, at = start; i < count && size >= 56 && at + size <= head.length; i++, at += size) {
    if (readU32le(head, at) !== PT_INTERP) continue
    const offset = readU64le(head, at + 8) ?? Infinity
    const end = offset + (readU64le(head, at + 32) ?? Infinity)
    return end <= head.length ? decodeByteString(head, offset, end).replace(/\0.*$/s, '') : undefined
  }
  return undefined
}
