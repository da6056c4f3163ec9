import type { Target } from '../../fuzz/target.ts'

/** What goes wrong where an input begins with `!`, by the character behind that. */
const FAULTS: Readonly<Record<string, () => void>> = {
  t: () => {
    throw new TypeError('planted')
  },
  h: () => {
    for (;;);
  },
  d: () => process.kill(process.pid, 'SIGKILL'),
  m: () => {
    const held: Buffer[] = []
    for (;;) held.push(Buffer.alloc(2 ** 20, 1))
  },
}

/** A target that fails in the way of its seed. */
export const target: Target = {
  about: 'a decoder with a fault',
  seeds: () => [`good !${process.env.PLANTED}`],
  run(input) {
    if (input[0] === '!'.charCodeAt(0)) FAULTS[String.fromCharCode(input[1]!)]?.()
  },
}
