import { buildWasm } from '../wasm.config.ts'

/** Before all tests: they run the sources, and those need the compiled encoder. */
export async function setup(): Promise<void> {
  await buildWasm()
}
