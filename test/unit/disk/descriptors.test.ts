import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../temporary.ts'

const PROGRAM = join(import.meta.dirname, 'descriptors-program.ts')

it('waits for descriptors, whatever is done in a folder', async () => {
  const folder = temporaryFolder()
  const line = 'ulimit -n 64; exec "$0" "$@"'
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line, process.execPath, PROGRAM, folder])
  expect(stdout.trimEnd().split('\n')).toEqual([
    // What cannot be looked at has not ended.
    'thread: DESCRIPTORS_EXHAUSTED true',
    'read: there',
    'replace: undefined',
    'lock: true',
    'scratch: undefined',
    'staging: undefined',
  ])
  expect(readdirSync(folder).sort()).toEqual(['file', 'image'])
})
