/** What is held against decoders, whatever they read. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { crc32 } from 'node:zlib'
import { NspawnRootfsError } from '../../src/nspawn-rootfs-error.ts'
import { createRandom, type Random } from './random.ts'

/** What a decoder made of an input: a value, or the code of its error. */
export type Outcome<T> = { readonly value: T } | { readonly refused: string }

/** Errors that a decoder may throw, besides those of ours. */
export type Allowed = (error: Error & { code?: string }) => boolean

/** Errors of the language: somebody forgot something. Those of Node for bytes that it cannot decode have a code. */
const FAULTS = [TypeError, RangeError, ReferenceError]

/**
 * Runs a decoder. Passes on what it throws unless it is one of our errors, or `allowed`, and unless a fault of the language is
 * its cause.
 */
export async function outcomeOf<T>(decode: () => T | Promise<T>, allowed: Allowed = () => false): Promise<Outcome<T>> {
  try {
    return { value: await decode() }
  } catch (error) {
    return refusal(error as Error, allowed)
  }
}

/** The same for one that is done when it returns. */
export function outcomeNow<T>(decode: () => T, allowed: Allowed = () => false): Outcome<T> {
  try {
    return { value: decode() }
  } catch (error) {
    return refusal(error as Error, allowed)
  }
}

function refusal(error: Error & { code?: string }, allowed: Allowed): { refused: string } {
  if (!(error instanceof NspawnRootfsError) && !allowed(error)) throw error
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (FAULTS.some(fault => cause instanceof fault) && !('code' in cause)) throw cause
  }
  return { refused: `${error.name} ${error.code ?? ''}` }
}

/** A generator that is the same for the same bytes. */
export function randomOf(input: Uint8Array): Random {
  return createRandom(crc32(input))
}

/** Whether an input is among one in `n`: for what takes long. */
export function isOneIn(n: number, input: Uint8Array): boolean {
  return randomOf(input)() % n === 0
}

/**
 * An input in pieces: cut anywhere, a short one at times into single bytes, and with empty ones between. Each is a copy, which
 * nobody else overwrites.
 */
export function piecesOf(input: Uint8Array): Uint8Array[] {
  const random = randomOf(input)
  const most = Math.max([1, 7, 100, 1000, 5000][random() % 5]!, Math.ceil(input.length / 500))
  const pieces: Uint8Array[] = []
  for (let at = 0; at < input.length; ) {
    const size = random() % (most + 1)
    pieces.push(input.slice(at, at + size))
    at += size
  }
  return pieces
}

/** Pieces as a stream. */
export async function* streamOf(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** Copies what a stream gives. */
export async function gather(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces)
}

/** Throws unless a decoder gives the same for an input as for its pieces. */
export async function assertCutAnywhere<T>(
  input: Uint8Array,
  decode: (pieces: readonly Uint8Array[]) => T | Promise<T>,
  allowed?: Allowed,
): Promise<Outcome<T>> {
  const whole = await outcomeOf(() => decode([input]), allowed)
  assert.deepEqual(await outcomeOf(() => decode(piecesOf(input)), allowed), whole, 'cut into pieces')
  return whole
}

/** What a program makes of an input; `undefined` if it fails. Throws if the program is not there. */
export function runProgram(command: readonly [string, ...string[]], input: Uint8Array): Buffer | undefined {
  const [program, ...args] = command
  const { error, status, stdout } = spawnSync(program, args, { input, maxBuffer: 2 ** 28, timeout: 20_000 })
  if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(`install ${program}`)
  return status === 0 ? stdout : undefined
}
