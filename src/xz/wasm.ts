/** The memory of an instance. Its buffer is another one after it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** What is used of WebAssembly, which the libraries of types declare with browsers only. */
interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** Compiled once per thread. */
const compiled = new Map<string, object>()

/** Compiles a module, given in base64, unless that was done. */
export function compileWasm(base64: string): object {
  const { Module } = (globalThis as unknown as { WebAssembly: WebAssembly }).WebAssembly
  const module = compiled.get(base64) ?? new Module(Uint8Array.from(atob(base64), char => char.charCodeAt(0)))
  compiled.set(base64, module)
  return module
}

/** The exports of a new instance of a module, given in base64. Each has its own memory. */
export function createWasmInstance(base64: string): unknown {
  const { Instance } = (globalThis as unknown as { WebAssembly: WebAssembly }).WebAssembly
  return new Instance(compileWasm(base64)).exports
}
