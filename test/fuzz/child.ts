/**
 * Fuzzes one target in a process of its own, started by watch.ts. The file with the input that is being run is what is left
 * where this process dies or hangs:
 *
 *     file = number of inputs so far (4 bytes), length (4), the input
 */
import { openSync, writeSync } from 'node:fs'
import { startCoverage } from './coverage.ts'
import { saveFailure } from './failures.ts'
import { fuzz } from './fuzz.ts'
import type { Target } from './target.ts'

/** What the process is told, as JSON. */
export interface ChildOptions {
  readonly name: string
  /** URL of the module that exports the `target`. */
  readonly url: string
  readonly seed: number
  /** Milliseconds to run. */
  readonly time: number
  /** Where inputs that fail go. */
  readonly failures: string
  /** The file with the input that is being run. */
  readonly current: string
}

const options: ChildOptions = JSON.parse(process.argv[2]!)
const { target } = (await import(options.url)) as { target: Target }
const file = openSync(options.current, 'w')
const coverage = startCoverage()
let count = 0
const end = performance.now() + options.time
const result = await fuzz(target, {
  seed: options.seed,
  coverage,
  goesOn: () => performance.now() < end,
  begins(input) {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(++count)
    head.writeUInt32LE(input.length, 4)
    writeSync(file, Buffer.concat([head, input]), 0, undefined, 0)
  },
  fails(input, error) {
    console.error(saveFailure(options, input, error.stack ?? error.message))
  },
})
process.send!({ ...result, code: coverage.size() })
process.disconnect()
