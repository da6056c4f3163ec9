import { compileWasm, createWasmInstance } from '../wasm.ts'
import { WASM as DECODER } from './decoder-wasm.generated.ts'
import { WASM as ENCODER } from './encoder-wasm.generated.ts'

/** An instance of the encoder in `assembly/encoder.ts`. */
export function createEncoderInstance(): unknown {
  return createWasmInstance('LZMA2 encoder', ENCODER)
}

/** An instance of the decoder in `assembly/decoder.ts`. */
export function createDecoderInstance(): unknown {
  return createWasmInstance('LZMA2 decoder', DECODER)
}

/**
 * Compiles both in this thread, which keeps the code. An engine that keeps code by its bytes, as V8 does, then gives it to every
 * thread that comes later: none compiles or optimises it for itself, and none frees it when it ends.
 */
export function keepLzma2Code(): void {
  compileWasm('LZMA2 encoder', ENCODER)
  compileWasm('LZMA2 decoder', DECODER)
}
