/** Changes to inputs: of bits, numbers, lines and stretches, with words of the format and parts of other inputs. */
import { pick, type Random } from './random.ts'

/** What inputs are made of besides themselves. */
export interface Material {
  readonly words: readonly Uint8Array[]
  readonly others: readonly Uint8Array[]
  readonly sizeMax: number
}

/** Numbers at which decoders go wrong. */
const NUMBERS = [0, 1, 7, 8, 16, 127, 128, 255, 256, 511, 512, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]
const DECIMALS = ['0', '00', '-1', '1', '255', '4294967296', '9007199254740991', '9007199254740993', '1e9', '0x10']

/** Names that every object has, which a table that is one finds, too. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']

type Change = (input: Buffer, random: Random, material: Material) => Uint8Array

const replaced = (input: Buffer, begin: number, end: number, part: Uint8Array): Buffer =>
  Buffer.concat([input.subarray(0, begin), part, input.subarray(end)])

/** A stretch of an input, mostly short. */
function stretch(input: Buffer, random: Random): [begin: number, end: number] {
  const begin = random() % (input.length + 1)
  const most = pick(random, [1, 4, 16, 64, 512, input.length])
  return [begin, Math.min(input.length, begin + (random() % (most + 1)))]
}

/** The places of a match; `undefined` if there is none. */
function find(input: Buffer, pattern: RegExp, random: Random): [begin: number, end: number] | undefined {
  const from = random() % (input.length + 1)
  // A window, so that a long input costs no more than a short one.
  const match = pattern.exec(input.toString('latin1', from, from + 1024))
  return match ? [from + match.index, from + match.index + match[0].length] : undefined
}

const flipBit: Change = (input, random) => {
  if (input.length > 0) input[random() % input.length]! ^= 1 << (random() % 8)
  return input
}
const setByte: Change = (input, random) => {
  if (input.length > 0) input[random() % input.length] = pick(random, [random(), ...NUMBERS])
  return input
}
const setNumber: Change = (input, random) => {
  const size = pick(random, [2, 4, 8])
  if (input.length < size) return input
  const at = random() % (input.length - size + 1)
  const bytes = Buffer.alloc(size)
  if (random() % 2 === 0) {
    bytes.writeUIntLE(pick(random, NUMBERS) % 2 ** (8 * Math.min(size, 4)), 0, Math.min(size, 4))
  } else {
    const step = (random() % 33) - 16
    input.copy(bytes, 0, at, at + size)
    for (let i = 0, carry = step; i < size; i++) {
      carry += bytes[i]!
      bytes[i] = carry
      carry >>= 8
    }
  }
  if (random() % 4 === 0) bytes.reverse()
  input.set(bytes, at)
  return input
}
const setDecimal: Change = (input, random) => {
  const place = find(input, /\d+/, random)
  return place ? replaced(input, ...place, Buffer.from(pick(random, DECIMALS))) : input
}
const insertBytes: Change = (input, random) => {
  const at = random() % (input.length + 1)
  const size = 1 + (random() % pick(random, [4, 32, 300]))
  const byte = random()
  const isRun = random() % 2 === 0
  return replaced(
    input,
    at,
    at,
    Uint8Array.from({ length: size }, () => (isRun ? byte : random())),
  )
}
const insertWord: Change = (input, random, { words }) => {
  const [begin, end] = stretch(input, random)
  const word =
    random() % 16 === 0
      ? Buffer.from(pick(random, INHERITED))
      : pick(random, words.length > 0 ? words : [Buffer.of(random())])
  return replaced(input, begin, pick(random, [begin, end, Math.min(input.length, begin + word.length)]), word)
}
const replaceName: Change = (input, random, { words }) => {
  const place = find(input, /[\w-]+/, random)
  const word = random() % 4 === 0 || words.length === 0 ? Buffer.from(pick(random, INHERITED)) : pick(random, words)
  return place ? replaced(input, ...place, word) : input
}
const remove: Change = (input, random) => replaced(input, ...stretch(input, random), new Uint8Array())
const cutOff: Change = (input, random) => input.subarray(0, random() % (input.length + 1))
const repeat: Change = (input, random, { sizeMax }) => {
  const [begin, end] = stretch(input, random)
  const most = Math.max(1, Math.floor((sizeMax - input.length) / Math.max(1, end - begin)))
  const times = 1 + (random() % Math.min(most, pick(random, [1, 4, 100, 5000])))
  return replaced(input, end, end, Buffer.alloc((end - begin) * times, input.subarray(begin, end)))
}
const copy: Change = (input, random) => {
  const [begin, end] = stretch(input, random)
  const at = random() % (input.length + 1)
  return replaced(input, at, at, Buffer.from(input.subarray(begin, end)))
}
const splice: Change = (input, random, { others }) => {
  const other = Buffer.from(pick(random, others.length > 0 ? others : [input]))
  const [begin, end] = stretch(input, random)
  const [from, to] = pick(random, [stretch(other, random), [random() % (other.length + 1), other.length]])
  return replaced(input, begin, pick(random, [begin, end, input.length]), other.subarray(from, to))
}
const swapLines: Change = (input, random) => {
  const lines = input.toString('latin1').split('\n')
  const [i, j] = [random() % lines.length, random() % lines.length]
  if (random() % 3 === 0) lines.splice(i, 1)
  else if (random() % 2 === 0) lines.splice(i, 0, lines[j]!)
  else [lines[i], lines[j]] = [lines[j]!, lines[i]!]
  return Buffer.from(lines.join('\n'), 'latin1')
}

// Those that keep most of an input come more often.
const CHANGES: readonly Change[] = [
  ...[flipBit, setByte, setByte, setNumber, setNumber, setDecimal, insertBytes, insertWord, insertWord, replaceName],
  ...[remove, remove, cutOff, repeat, copy, splice, splice, swapLines],
]

/** An input with one change or a few. */
export function mutate(input: Uint8Array, random: Random, material: Material): Uint8Array {
  let changed: Uint8Array = Buffer.from(input)
  for (let left = pick(random, [1, 1, 2, 4, 8]); left > 0; left--) {
    changed = Buffer.from(pick(random, CHANGES)(Buffer.from(changed), random, material)).subarray(0, material.sizeMax)
  }
  return changed
}
