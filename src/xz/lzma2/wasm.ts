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

/** The exports of a new instance of a module, given in base64. Each has its own memory. */
export function createWasmInstance(name: string, base64: string): unknown {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssembly }).WebAssembly
  const module = compiled.get(name) ?? new Module(Uint8Array.from(atob(base64), char => char.charCodeAt(0)))
  compiled.set(name, module)
  return new Instance(module).exports
}
