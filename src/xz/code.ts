import { WASM as CRC64 } from './crc64/crc64-wasm.generated.ts'
import { WASM as DECODER } from './lzma2/decoder-wasm.generated.ts'
import { WASM as ENCODER } from './lzma2/encoder-wasm.generated.ts'
import { compileWasm, createWasmInstance } from './wasm.ts'

/** An instance of the encoder in `lzma2/assembly/encoder.ts`. */
export function createEncoderInstance(): unknown {
  return createWasmInstance(ENCODER)
}

/** An instance of the decoder in `lzma2/assembly/decoder.ts`. */
export function createDecoderInstance(): unknown {
  return createWasmInstance(DECODER)
}

/** An instance of `crc64/assembly/crc64.ts`. */
export function createCrc64Instance(): unknown {
  return createWasmInstance(CRC64)
}

/**
 * Compiles all of them in this thread, which keeps the code. An engine that keeps code by its bytes, as V8 does, then gives it to
 * every thread that comes later: none compiles or optimises it for itself, and none frees it when it ends.
 */
export function keepCode(): void {
  for (const code of [ENCODER, DECODER, CRC64]) compileWasm(code)
}
