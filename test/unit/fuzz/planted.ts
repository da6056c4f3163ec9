import type { Target } from '../../fuzz/target.ts'

const kept: Buffer[] = []

/** What goes wrong, by its name. */
const FAULTS: Readonly<Record<string, () => void>> = {
  throws() {
    throw new TypeError('planted')
  },
  hangs() {
    for (;;);
  },
  dies: () => process.kill(process.pid, 'SIGKILL'),
  'takes all memory'() {
    const held: Buffer[] = []
    for (;;) held.push(Buffer.alloc(2 ** 20, 1))
  },
  'keeps memory': () => void kept.push(Buffer.alloc(2 ** 23, 1)),
}

/** A target with a fault, which the variable PLANTED names. */
export const target: Target = {
  about: 'a decoder with a fault',
  seeds: () => ['good', 'input'],
  words: ['bad'],
  run(input) {
    if (Buffer.from(input).includes('bad')) FAULTS[process.env.PLANTED!]!()
  },
}
