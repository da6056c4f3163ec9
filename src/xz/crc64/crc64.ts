import { createCrc64Instance } from '../code.ts'
import type { WasmMemory } from '../wasm.ts'

/**
 * CRC-64 as in .xz (ECMA-182): polynomial 0x42F0E1EBA9EA3693 used bit-reversed, start and end inverted. It is computed in
 * WebAssembly: JavaScript has no fast 64-bit integers, and by two halves of 32 bits 16 MiB took 21 ms, not 9 (Node 24, x64).
 */

/** What `assembly/crc64.ts` exports. */
interface Exports {
  readonly memory: WasmMemory
  /** Makes the tables, and returns where input goes. */
  prepare(): number
  /** Bytes of input that there is room for. */
  capacity(): number
  update(register: bigint, size: number): bigint
}

/** Takes the register of a CRC over some more bytes. Made with the first CRC of a thread. */
let updateRegister: ((register: bigint, bytes: Uint8Array) => bigint) | undefined

/** The CRC-64 of `bytes`. `seed` is the CRC of what came before: `crc64(b, crc64(a))` is the CRC of `a` followed by `b`. */
export function crc64(bytes: Uint8Array, seed = 0n): bigint {
  updateRegister ??= createUpdate()
  return BigInt.asUintN(64, ~updateRegister(~seed, bytes))
}

function createUpdate(): (register: bigint, bytes: Uint8Array) => bigint {
  const wasm = createCrc64Instance() as Exports
  const address = wasm.prepare()
  const input = new Uint8Array(wasm.memory.buffer, address, wasm.capacity())
  return (before, bytes) => {
    let register = before
    for (let at = 0; at < bytes.length; at += input.length) {
      const part = bytes.subarray(at, at + input.length)
      input.set(part)
      register = wasm.update(register, part.length)
    }
    return register
  }
}
