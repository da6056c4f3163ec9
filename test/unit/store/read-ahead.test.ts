import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createReadAhead } from '../../../src/store/read-ahead.ts'

const MEGABYTE = 1024 * 1024

it('holds nothing of streams that nobody reads any more', async () => {
  const ahead = createReadAhead()
  const pieces = { given: 0 }
  async function* source(count: number) {
    for (let i = 0; i < count; i++) {
      await setImmediate()
      pieces.given++
      yield new Uint8Array(MEGABYTE)
    }
  }
  // Each is left while its next piece is on the way.
  for (let i = 0; i < 20; i++) for await (const _ of ahead(source(3))) break
  for (let turn = 0; turn < 10; turn++) await setImmediate()

  pieces.given = 0
  ahead(source(20))
  for (let turn = 0; turn < 50; turn++) await setImmediate()
  expect(pieces.given).toBe(8)
})
