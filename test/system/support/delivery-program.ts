/** Builds or publishes as its argument says, and prints what came of it. Run by `injection.ts`. */
import type { NspawnRootfsError } from '../../../src/index.ts'
import { REPOSITORY } from './cli.ts'
import type { DeliveryPlan, DeliveryReport } from './injection.ts'

// As the package has it, which starts in half the time of its sources.
const library = (await import(`${REPOSITORY}/dist/index.js`)) as typeof import('../../../src/index.ts')
const { specs, folder, publish } = JSON.parse(process.argv[2] ?? '') as DeliveryPlan
let report: DeliveryReport = {}
try {
  const options = { workers: 1, cache: false } as const
  if (publish) await library.publishImages(specs, folder, { ...options, ...publish })
  else for (const spec of specs) await library.build(spec, options).toFolder(folder)
} catch (error) {
  const { name, message, code, path } = error as NspawnRootfsError & { path?: string }
  report = { error: { name, message, code, path, isTyped: error instanceof library.NspawnRootfsError } }
}
console.log(JSON.stringify(report))
