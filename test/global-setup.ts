import { buildWasm } from '../scripts/build-wasm.ts'

/** Before all tests: they run the sources, and those need the compiled encoder. */
export async function setup(): Promise<void> {
  await buildWasm()
}
