import type { TestProject } from 'vitest/node'
import { writeTypes } from '../declaration.config.ts'
import { bundlePages } from '../pages.config.ts'
import { buildWasm } from '../wasm.config.ts'
import { bundleSources } from './bundle.ts'

/** Before all tests: they run the sources, and those need what is generated. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildWasm()
  await writeTypes()
  await bundlePages()
  return bundleSources(project)
}
