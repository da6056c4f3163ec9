import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readOverlay } from '../../../src/spec/index.ts'
import { temporaryFolder } from '../../temporary.ts'

it.each([
  [0o600, 0o644],
  [0o700, 0o755],
  [0o654, 0o755],
  [0o641, 0o755],
])('an overlay has a file of mode %o as %o: it can be executed if anybody may', async (mode, expected) => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'run'), '')
  chmodSync(join(folder, 'run'), mode)
  expect(await readOverlay(folder, '/opt')).toMatchObject([{ path: '/opt/run', mode: expected }])
})
