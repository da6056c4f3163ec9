import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../../temporary.ts'

/** What a gpg made of a call. */
export interface GpgResult {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** A gpg with a home of its own, which is gone when the test is over. */
export interface GnuPG {
  readonly home: string
  run(args: readonly string[], input?: string | Uint8Array): GpgResult
  /** The same, but throws if it fails. */
  expect(args: readonly string[], input?: string | Uint8Array): Buffer
}

export function createGnuPG(): GnuPG {
  const home = temporaryFolder()
  // What it measures by itself makes a passphrase take a second each time.
  writeFileSync(join(home, 'gpg-agent.conf'), 's2k-count 65536\n')
  const env = { ...process.env, GNUPGHOME: home, LC_ALL: 'C' }
  onTestFinished(() => void spawnSync('gpgconf', ['--kill', 'all'], { env }))
  const run = (args: readonly string[], input: string | Uint8Array = ''): GpgResult => {
    const options = [
      '--batch',
      '--display-charset',
      'utf-8',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      ...args,
    ]
    const { status, stdout, stderr } = spawnSync('gpg', options, { env, input })
    return { code: status, stdout, stderr: String(stderr) }
  }
  return {
    home,
    run,
    expect(args, input) {
      const { code, stdout, stderr } = run(args, input)
      if (code !== 0) throw new Error(`gpg ${args.join(' ')}: exit code ${code}\n${stderr}`)
      return stdout
    },
  }
}

/**
 * Verifies as `systemd-pull` does: with a keyring that holds the key and nothing else, and the arguments of
 * `verify_gpg` in systemd's `src/import/pull-common.c`.
 */
export function verifyAsSystemd(
  publicKey: string | Uint8Array,
  signature: string | Uint8Array,
  contents: Uint8Array,
): GpgResult {
  const { home, run, expect } = createGnuPG()
  const keyring = join(home, 'import-pubring.gpg')
  expect(['--no-default-keyring', `--keyring=${keyring}`, '--import'], publicKey)
  const file = join(home, 'signature')
  writeFileSync(file, signature)
  const trust = ['--no-auto-key-locate', '--no-auto-check-trustdb', '--trust-model=always']
  const keys = ['--no-options', '--no-default-keyring', `--homedir=${home}`, `--keyring=${keyring}`]
  return run([...keys, ...trust, '--verify', file, '-'], contents)
}
