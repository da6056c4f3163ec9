import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { SigningError } from './errors.ts'
import { armored } from './key-file.ts'
import type { Signer } from './signer.ts'

/** Bytes of gpg's messages that an error repeats. */
const SAID_MAX = 2000

/** Lets the `gpg` on PATH sign, which may ask for a passphrase, or a card. Its signatures bear the time of day. */
export function gpgSigner(key: string): Signer {
  return {
    async sign(contents, signal) {
      const binary = await runGpg(key, contents, signal)
      return { binary, armored: await armored(binary) }
    },
  }
}

async function runGpg(key: string, contents: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
  signal?.throwIfAborted()
  // Its configuration may ask for armor.
  const options = ['--batch', '--no-armor', '--local-user', key, '--detach-sign']
  const child = start(key, () => spawn('gpg', options, { signal }))
  const output: Buffer[] = []
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(0, SAID_MAX)
  })
  // It may end before it has read everything; its exit code tells.
  child.stdin.on('error', () => {})
  child.stdin.end(contents)
  const closed = new Promise(resolve => child.once('close', resolve))
  const [code] = await once(child, 'close').catch(async error => {
    // An abort is reported before gpg has ended.
    await closed
    signal?.throwIfAborted()
    const why = error.code === 'ENOENT' ? 'gpg is not on PATH: install GnuPG, or give a key file' : error.message
    throw new SigningError('GPG_FAILED', key, why, { cause: error })
  })
  signal?.throwIfAborted()
  if (code === 0 && output.length > 0) return new Uint8Array(Buffer.concat(output))
  const message = `gpg could not sign with ${JSON.stringify(key)}; gpg --list-secret-keys shows the keys it has:`
  throw new SigningError('GPG_FAILED', key, [message, ...said.trim().split('\n')])
}

/** Starts gpg. Node throws at once for a key with a NUL byte, and the system for one that is too long for it. */
function start<T>(key: string, spawnGpg: () => T): T {
  try {
    return spawnGpg()
  } catch (error) {
    throw new SigningError('GPG_FAILED', key, `gpg cannot be started: ${(error as Error).message}`, { cause: error })
  }
}
