import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
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

it('an overlay keeps the targets of its symlinks', async () => {
  const folder = temporaryFolder()
  symlinkSync('../caf\u00e9.txt', join(folder, 'link'))
  expect(await readOverlay(folder, '/opt')).toMatchObject([{ type: 'symlink', target: '../caf\u00e9.txt' }])
})

it.each<[string, (folder: string, bytes: Buffer) => void, RegExp]>([
  [
    'target',
    (folder, bytes) => symlinkSync(bytes, join(folder, 'link')),
    /\/link is a symlink to caf\ufffd, which is not UTF-8/,
  ],
  [
    'name',
    (folder, bytes) => writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), bytes]), ''),
    /\/caf\ufffd has a name/,
  ],
])('an overlay with a %s that is not UTF-8 is refused, and not changed', async (_, make, message) => {
  const folder = temporaryFolder()
  make(folder, Buffer.from('caf\xe9', 'latin1'))
  await expect(readOverlay(folder, '/opt')).rejects.toMatchObject({
    code: 'FOLDER_UNREADABLE',
    message: expect.stringMatching(message),
  })
})
