/**
 * Bytes that compress like an x86-64 ELF file: a header, then what takes most of the room in real ones in the order
 * that linkers give it. They are no program: nothing but a compressor is to read them.
 */
import type { Random } from './random.ts'
import { createSnippets, type Output, type Snippets, writePart, writeSnippet, writeText, writeU32 } from './snippets.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Fills an output with an ELF file that mentions `mentions`, such as the store paths of its libraries. */
export type ElfWriter = (output: Output, random: Random, mentions: string) => void

/** How many rows of instructions there are that occur again and again, and how many instructions on their own. */
const IDIOMS = 4000
const SINGLES = 8000
/** Of four pieces of code, how many are single instructions. With three, the file compresses as a real one. */
const SINGLE_IN_4 = 3
/** Of pieces of code, one in so many is followed by a call. Measured: one byte 0xe8 in 70 to 320 bytes of a file. */
const CALL_ONE_IN = 5
/** Bytes, on average. */
const FUNCTION_SIZE = 224
const FUNCTIONS_MAX = 1 << 15
const HOT_FUNCTIONS = 96

/** Instructions in front of their operands, and how many bytes of operands follow. */
const INSTRUCTIONS: readonly (readonly [opcode: string, operands: 0 | 1 | 4])[] = [
  ['\x48\x8b\x45', 1],
  ['\x48\x89\x45', 1],
  ['\x48\x8b\x7c\x24', 1],
  ['\x48\x89\x44\x24', 1],
  ['\x48\x83\xec', 1],
  ['\x48\x83\xc4', 1],
  ['\x8b\x43', 1],
  ['\x89\x47', 1],
  ['\x4c\x8b\x6b', 1],
  ['\x0f\xb6\x40', 1],
  ['\x83\xf8', 1],
  ['\x74', 1],
  ['\x75', 1],
  ['\xeb', 1],
  ['\x48\x8d\x3d', 4],
  ['\x48\x8b\x05', 4],
  ['\x0f\x84', 4],
  ['\x0f\x85', 4],
  ['\x48\x89\xe5', 0],
  ['\x48\x89\xdf', 0],
  ['\x4c\x89\xe6', 0],
  ['\x85\xc0', 0],
  ['\x48\x85\xc0', 0],
  ['\x31\xc0', 0],
  ['\x31\xf6', 0],
  ['\x55', 0],
  ['\x53', 0],
  ['\x41\x54', 0],
  ['\x5b\x5d\xc3', 0],
  ['\x41\x5c\x41\x5d\xc3', 0],
  ['\x66\x0f\xef\xc0', 0],
]

/** Thousandths of the file. The rest, at its end, is small numbers and zeros. */
const SECTIONS = { dynsym: 40, dynstr: 60, rela: 90, text: 430, rodata: 140, frames: 80, pointers: 60 }

interface Code {
  readonly idioms: Snippets
  readonly instructions: Snippets
}

/** Makes a writer of ELF files, which are alike as those of one compiler are. */
export function createElfWriter(random: Random, vocabulary: Vocabulary): ElfWriter {
  const code: Code = {
    idioms: createSnippets(Array.from({ length: IDIOMS }, () => createIdiom(random))),
    instructions: createSnippets(Array.from({ length: SINGLES }, () => createInstruction(random))),
  }
  const functions = new Uint32Array(FUNCTIONS_MAX)
  return (output, random, mentions) => {
    const size = output.end - output.at
    const count = Math.max(4, Math.min(FUNCTIONS_MAX, Math.floor(size / FUNCTION_SIZE)))
    const addresses = functions.subarray(0, count)
    placeFunctions(addresses, random)
    writeText(output, HEADER)
    writeText(output, mentions)
    writePart(output, size, SECTIONS.dynsym, () => writeSymbols(output, random, addresses))
    writePart(output, size, SECTIONS.dynstr, () => writeNames(output, random, vocabulary))
    writePart(output, size, SECTIONS.rela, () => writeRelocations(output, random, addresses))
    writePart(output, size, SECTIONS.text, () => writeCode(output, random, addresses, code))
    writePart(output, size, SECTIONS.rodata, () => writeStrings(output, random, vocabulary))
    writePart(output, size, SECTIONS.frames, () => writeFrames(output, random))
    writePart(output, size, SECTIONS.pointers, () => writePointers(output, random, addresses))
    writeNumbers(output, random)
  }
}

const HEADER = `\x7fELF\x02\x01\x01${'\0'.repeat(9)}\x03\0\x3e\0\x01\0\0\0${'\0'.repeat(40)}`

function writeNames(output: Output, random: Random, { symbols }: Vocabulary): void {
  while (output.at < output.end) writeSnippet(output, symbols, random)
}

function placeFunctions(addresses: Uint32Array, random: Random): void {
  let address = 0x1000
  for (let i = 0; i < addresses.length; i++) {
    addresses[i] = address
    address += 16 * (1 + random.below((2 * FUNCTION_SIZE) / 16 - 1))
  }
}

function createIdiom(random: Random): string {
  return Array.from({ length: 2 + random.below(5) }, () => createInstruction(random)).join('')
}

function createInstruction(random: Random): string {
  const [opcode, operands] = INSTRUCTIONS[random.below(INSTRUCTIONS.length)]!
  if (operands === 0) return opcode
  const operand = String.fromCharCode(operandOf(random))
  return operands === 1 ? opcode + operand : `${opcode + operand + String.fromCharCode(random.below(8))}\0\0`
}

// Offsets into frames and structures: multiples of eight, mostly small.
function operandOf(random: Random): number {
  return 8 * Math.min(random.below(32), random.below(32))
}

function writeCode(output: Output, random: Random, functions: Uint32Array, { idioms, instructions }: Code): void {
  const begin = output.at
  while (output.at < output.end) {
    const choice = random.next()
    writeSnippet(output, choice % 4 < SINGLE_IN_4 ? instructions : idioms, random)
    if ((choice >>> 8) % CALL_ONE_IN !== 0 || output.end - output.at < 5) continue
    output.bytes[output.at++] = (choice >>> 16) % 8 === 0 ? 0xe9 : 0xe8
    const here = output.at - begin + 0x1000 + 4
    writeU32(output, calledFunction(random, functions, here) - here)
  }
}

// Of the calls, one half goes to few functions from everywhere, and the other to what stands near.
function calledFunction(random: Random, functions: Uint32Array, here: number): number {
  const choice = random.next()
  if (choice % 2 === 0) return functions[(choice >>> 8) % Math.min(functions.length, HOT_FUNCTIONS)]!
  const near = Math.floor(here / FUNCTION_SIZE) + ((choice >>> 8) % 32)
  return functions[near % functions.length]!
}

function writeSymbols(output: Output, random: Random, functions: Uint32Array): void {
  let name = 1
  let i = 0
  while (output.at < output.end) {
    writeU32(output, name)
    writeU32(output, 0x000c0012)
    writeU32(output, functions[i]!)
    writeU32(output, 0)
    writeU32(output, 16 + random.below(FUNCTION_SIZE))
    writeU32(output, 0)
    name += 8 + random.below(24)
    i = (i + 1 + random.below(8)) % functions.length
  }
}

function writeRelocations(output: Output, random: Random, functions: Uint32Array): void {
  let offset = 0x20000
  while (output.at < output.end) {
    writeU32(output, offset)
    writeU32(output, 0)
    writeU32(output, 8)
    writeU32(output, 0)
    writeU32(output, functions[random.below(functions.length)]!)
    writeU32(output, 0)
    offset += 8
  }
}

function writeStrings(output: Output, random: Random, { phrases, symbols, spaced }: Vocabulary): void {
  while (output.at < output.end) {
    const choice = random.next() >>> 30
    writeSnippet(output, choice === 0 ? symbols : choice === 1 ? spaced : phrases, random)
    if (choice === 2) writeText(output, '%s\0')
  }
}

function writeFrames(output: Output, random: Random): void {
  while (output.at < output.end) {
    writeU32(output, 0x1c)
    writeU32(output, output.at)
    writeU32(output, -16 * random.below(0x10000))
    writeU32(output, 16 + random.below(FUNCTION_SIZE))
    writeText(output, '\0\x41\x0e\x10\x86\x02\x43\x0d\x06')
    writeU32(output, 0x080c5a02 + (random.below(64) << 8))
    writeText(output, '\0\0\0')
  }
}

function writePointers(output: Output, random: Random, functions: Uint32Array): void {
  while (output.at < output.end) {
    const choice = random.next()
    writeU32(output, choice % 3 === 0 ? 0 : functions[(choice >>> 4) % functions.length]!)
    writeU32(output, 0)
  }
}

function writeNumbers(output: Output, random: Random): void {
  while (output.at < output.end) {
    writeU32(output, random.below(512))
    writeU32(output, 0)
  }
}
