import { createWasmInstance, type WasmMemory } from '../wasm.ts'
import { WASM } from './crc64-wasm.generated.ts'

/**
 * CRC-64 as in .xz (ECMA-182): polynomial 0x42F0E1EBA9EA3693 used bit-reversed, start and end inverted. WebAssembly has 64-bit
 * integers, which JavaScript has not: 16 MiB take 9 ms, with the copying to its memory, and took 21 ms in halves of 32 bits (Node
 * 24, x64).
 */

/** What `assembly/crc64.ts` exports. */
interface Exports {
  readonly memory: WasmMemory
  prepare(): number
  update(register: bigint, size: number): bigint
}

/** Bytes that are copied at a time. */
const INPUT_SIZE = 65_536

/** Takes the register of a CRC on by some bytes. Made with the first CRC of this thread. */
let goOn: ((register: bigint, bytes: Uint8Array) => bigint) | undefined

/** The CRC-64 of `bytes`. `seed` is the CRC of what came before: `crc64(b, crc64(a))` is the CRC of `a` followed by `b`. */
export function crc64(bytes: Uint8Array, seed = 0n): bigint {
  goOn ??= prepare()
  let register = ~seed
  for (let at = 0; at < bytes.length; at += INPUT_SIZE) register = goOn(register, bytes.subarray(at, at + INPUT_SIZE))
  return BigInt.asUintN(64, ~register)
}

function prepare(): (register: bigint, bytes: Uint8Array) => bigint {
  const wasm = createWasmInstance('CRC-64', WASM) as Exports
  const address = wasm.prepare()
  const input = new Uint8Array(wasm.memory.buffer, address, INPUT_SIZE)
  return (register, bytes) => {
    input.set(bytes)
    return wasm.update(register, bytes.length)
  }
}
