/**
 * Gives decoders inputs of all kinds, and holds what they make of them against what must be so:
 *
 *     npm run fuzz -- --list                                         the targets
 *     npm run fuzz -- TARGET... [--minutes N] [--seed N]             one or more of them, or `all`
 *     npm run fuzz -- TARGET --input FILE                            one input again
 *
 * Inputs that fail are written to the folder `fuzz-failures`, or that of --failures.
 */
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadTarget, TARGETS, targetUrl } from './targets.ts'
import { fuzzWatched } from './watch.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    input: { type: 'string' },
    failures: { type: 'string', default: 'fuzz-failures' },
  },
})

if (values.list || positionals.length === 0) {
  for (const name of TARGETS) console.log(`${name.padEnd(18)} ${(await loadTarget(name)).about}`)
  process.exit(values.list ? 0 : 2)
}
const names = positionals.includes('all') ? TARGETS : positionals
const unknown = names.filter(name => !TARGETS.includes(name))
const minutes = Number(values.minutes)
const seed = Number(values.seed ?? randomInt(2 ** 31))
if (unknown.length > 0) fail(`no such target: ${unknown.join(', ')}; --list shows them`)
if (!(minutes > 0)) fail('--minutes takes a number above 0')
if (!Number.isSafeInteger(seed)) fail('--seed takes a whole number')

if (values.input !== undefined) {
  for (const name of names) await (await loadTarget(name)).run(readFileSync(values.input))
  process.exit(0)
}
let failures = 0
for (const name of names) {
  const result = await fuzzWatched({
    name,
    url: targetUrl(name),
    seed,
    time: minutes * 60_000,
    failures: resolve(values.failures),
  })
  failures += result.failures
  console.log(
    `${name}: ${result.inputs} inputs from seed ${seed}; ${result.corpus} of them reached ${result.code} characters of code; ` +
      `${result.failures} ${result.failures === 1 ? 'failure' : 'failures'}`,
  )
}
if (failures > 0) process.exitCode = 1

function fail(message: string): never {
  console.error(message)
  process.exit(2)
}
