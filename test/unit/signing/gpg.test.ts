import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { openSigner } from '../../../src/signing/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const CONTENTS = Buffer.alloc(1_000_000, 'a line\n')

/** A folder first on PATH with a `gpg` of these lines. */
function pretendGpg(...lines: string[]): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'gpg'), `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o755 })
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  return folder
}

const failure = (message: RegExp) => ({
  ...{ name: 'SigningError', code: 'GPG_FAILED', key: 'jo@example.org' },
  message: expect.stringMatching(message),
})

afterEach(() => {
  vi.unstubAllEnvs()
})

it('gpg has to be there', async () => {
  vi.stubEnv('PATH', temporaryFolder())
  const signer = await openSigner({ gpg: 'jo@example.org' })
  await expect(signer.sign(CONTENTS)).rejects.toMatchObject(failure(/^gpg is not on PATH: install GnuPG/))
})

it.each([
  ['fails', 'echo "gpg: no such key" >&2; exit 2', /could not sign with "jo@example\.org".*:\ngpg: no such key$/],
  ['says nothing', 'exec cat >/dev/null', /could not sign/],
  ['is killed', 'kill -9 $$', /could not sign/],
])('a gpg that %s is told of', async (_, line, message) => {
  pretendGpg(line)
  const signer = await openSigner({ gpg: 'jo@example.org' })
  await expect(signer.sign(CONTENTS)).rejects.toMatchObject(failure(message))
})

it('a gpg that waits for somebody is ended with the build', async () => {
  const folder = pretendGpg(`echo $$ >"\${0%/*}/pid.new"; mv "\${0%/*}/pid.new" "\${0%/*}/pid"`, 'exec sleep 600')
  const signer = await openSigner({ gpg: 'jo@example.org' })
  const abort = new AbortController()
  const signing = expect(signer.sign(CONTENTS, abort.signal)).rejects.toBe('enough')
  await vi.waitUntil(() => existsSync(join(folder, 'pid')))
  abort.abort('enough')
  await signing
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
  await vi.waitUntil(() => !existsSync(`/proc/${pid}`))
  await expect(signer.sign(CONTENTS, abort.signal)).rejects.toBe('enough')
})

it.each([
  ['holds a NUL byte', 'a\0b', /^gpg cannot be started: .*null bytes/],
  ['is too long for the system', 'x'.repeat(200_000), /^gpg cannot be started: spawn E2BIG$/],
])('a key that %s is an error of signing', async (_, key, message) => {
  pretendGpg('exit 0')
  const signer = await openSigner({ gpg: key })
  await expect(signer.sign(CONTENTS)).rejects.toMatchObject({ ...failure(message), key })
})
