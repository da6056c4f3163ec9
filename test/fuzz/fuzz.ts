import type { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'
import { createRandom, pick, type Random } from './random.ts'
import type { Target } from './target.ts'

/** How to fuzz. */
export interface FuzzOptions {
  readonly seed: number
  /** Whether to go on after so many inputs. */
  goesOn(inputs: number): boolean
  /** Called with each input before it is run: it may be the last. */
  begins?(input: Uint8Array): void
  /** Called with each failure of a kind that was not there before, and what there is of its input when shrunk. */
  fails(input: Uint8Array, error: Error): void
  /** What tells inputs that reach more code. Without, all inputs are made of the seeds. */
  readonly coverage?: Coverage
}

/** What fuzzing came to. */
export interface FuzzResult {
  readonly inputs: number
  /** Inputs that reached more code than those before them. */
  readonly corpus: number
  /** Kinds of failures. */
  readonly failures: number
}

/** Inputs that are run between two looks at what they reached. */
const BATCH = 64
/** So long that what takes quadratic time takes too long. */
const SIZE_MAX = 64 * 1024
/** Milliseconds of the processor that an input may take. */
const WORK_MAX = 3000
/** Inputs tried to make one that fails smaller, and milliseconds in which a try may begin. */
const SHRINK_TRIES = 300
const SHRINK_TIME = 10_000

/** Fuzzes a target in this thread. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const { coverage, goesOn } = options
  const random = createRandom(options.seed)
  const { sizeMax = SIZE_MAX } = target
  const words = (target.words ?? []).map(bytesOf)
  const corpus: Uint8Array[] = []
  const kinds = new Set<string>()
  let inputs = 0

  const failureOf = async (input: Uint8Array): Promise<Error | undefined> => {
    options.begins?.(input)
    inputs++
    try {
      const begin = performance.now()
      // A target that writes to what it was given would change what is told of it.
      await target.run(Uint8Array.from(input))
      if (performance.now() - begin < WORK_MAX) return undefined
      // Others may have kept the processor from it.
      const before = process.cpuUsage()
      await target.run(Uint8Array.from(input))
      const work = process.cpuUsage(before).user / 1000
      return work > WORK_MAX ? new Error(`takes ${Math.round(work)} ms of the processor`) : undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(`threw ${String(error)}`)
    }
  }
  const run = async (input: Uint8Array): Promise<void> => {
    const error = await failureOf(input)
    if (error === undefined || kinds.has(kindOf(error))) return
    kinds.add(kindOf(error))
    const isAlike = async (smaller: Uint8Array) => {
      const other = await failureOf(smaller)
      return other !== undefined && kindOf(other) === kindOf(error)
    }
    options.fails(await shrink(input, isAlike), error)
  }

  for (const seed of await target.seeds()) {
    const input = bytesOf(seed)
    await run(input)
    corpus.push(input)
  }
  coverage?.isMore(true)
  while (goesOn(inputs)) {
    const batch = Array.from({ length: BATCH }, () => nextInput(target, random, { words, others: corpus, sizeMax }))
    for (const input of batch) {
      await run(input)
      if (!goesOn(inputs)) break
    }
    if (!coverage?.isMore(false)) continue
    for (const input of batch) {
      await run(input)
      if (coverage.isMore(true)) corpus.push(input)
    }
  }
  return { inputs, corpus: corpus.length, failures: kinds.size }
}

function nextInput(target: Target, random: Random, material: Parameters<typeof mutate>[2]): Uint8Array {
  const { others } = material
  const isNew = target.generate && (others.length === 0 || random() % 2 === 0)
  // Half of all come from the ten inputs that reached more code last; and short ones are quicker.
  const old = () => pick(random, random() % 2 === 0 ? others : others.slice(-10))
  const base = isNew ? target.generate!(random) : [old(), old(), old()].reduce((a, b) => (b.length < a.length ? b : a))
  if (isNew && random() % 2 === 0) return base
  const changed = mutate(base, random, material)
  return target.mend && random() % 4 > 0 ? target.mend(changed) : changed
}

/** Failures of one kind are at one place. */
function kindOf({ name, stack = '' }: Error): string {
  const place = /\(?file:\S+\/(?:src|test\/fuzz)\/\S+|\/(?:src|test\/fuzz)\/\S+:\d+/.exec(stack)?.[0]
  return `${name} ${place}`
}

/** Leaves out as much of an input as can be left out. */
async function shrink(input: Uint8Array, fails: (input: Uint8Array) => Promise<boolean>): Promise<Uint8Array> {
  const end = performance.now() + SHRINK_TIME
  let smallest = input
  let tries = 0
  const goesOn = () => tries < SHRINK_TRIES && performance.now() < end
  for (let size = Math.ceil(input.length / 2); size >= 1 && goesOn(); size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length && goesOn(); tries++) {
      const smaller = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      if (await fails(smaller)) smallest = smaller
      else at += size
    }
  }
  return smallest
}

/** The bytes of a seed or word. */
function bytesOf(text: Uint8Array | string): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text
}
