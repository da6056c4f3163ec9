import type { Random } from './random.ts'

/** A decoder to be fuzzed, with what must hold for whatever it is given. */
export interface Target {
  /** One line for people: what is read, and what it is held against. */
  readonly about: string
  /** Inputs that are right, or nearly so. Inputs that reach more code are made of them. */
  seeds(): Iterable<Uint8Array | string> | Promise<Iterable<Uint8Array | string>>
  /** Pieces that its format has: inputs are made with them. */
  readonly words?: readonly (Uint8Array | string)[]
  /** Makes an input from nothing, for a format that changes to its bytes do not get far with. */
  generate?(random: Random): Uint8Array
  /** Mends what a change to the bytes breaks before it matters, such as a checksum. May change `input`. */
  mend?(input: Uint8Array): Uint8Array
  /** Most bytes of an input. Default 64 KiB. */
  readonly sizeMax?: number
  /**
   * Decodes an input, and throws for all that should not be. It does the same whenever it is given the same bytes: a
   * failure can be had again from them.
   */
  run(input: Uint8Array): void | Promise<void>
}
