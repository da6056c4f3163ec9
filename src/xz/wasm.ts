/** The memory of an instance. Its buffer is another one after it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** What is used of WebAssembly, which the libraries of types declare with browsers only. */
interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** Compiled once per thread, by name. */
const compiled = new Map<string, object>()

/** Compiles a module, given in base64, unless that was done. */
export function compileWasm(name: string, base64: string): object {
  const { Module } = (globalThis as unknown as { WebAssembly: WebAssembly }).WebAssembly
  const module = compiled.get(name) ?? new Module(Uint8Array.from(atob(base64), char => char.charCodeAt(0)))
  compiled.set(name, module)
  return module
}

/** The exports of a new instance of a module, given in base64. Each has its own memory. */
export function createWasmInstance(name: string, base64: string): unknown {
  const { Instance } = (globalThis as unknown as { WebAssembly: WebAssembly }).WebAssembly
  return new Instance(compileWasm(name, base64)).exports
}
