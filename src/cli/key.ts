import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { makeFolders } from '../disk/index.ts'
import { generateKeyPair } from '../index.ts'
import { print } from './print.ts'
import { shellPath } from './shell.ts'
import { somePath, UsageError } from './usage.ts'

interface GenerateFlags {
  out: string
  name: string
  email?: string
  passphraseFile?: string
}

/** Adds what can be done with keys to the command `key`. */
export function addKeyCommands(key: Command): void {
  key
    .command('generate')
    .description('Make an OpenPGP key pair: secret.asc and public.asc.')
    .requiredOption('--out <DIR>', 'folder for both files', somePath)
    .option('--name <NAME>', 'name of the owner', 'nspawn-rootfs images')
    .option('--email <ADDRESS>', 'mail address of the owner')
    .option('--passphrase-file <FILE>', 'file with a passphrase for the secret key (default: none)', somePath)
    .action(generate)
}

async function generate({ out, name, email, passphraseFile }: GenerateFlags): Promise<void> {
  const secretFile = join(out, 'secret.asc')
  const publicFile = join(out, 'public.asc')
  for (const file of [secretFile, publicFile]) {
    if (existsSync(file))
      throw new UsageError(`${file}: there already, and a key cannot be made again; name another DIR`)
  }
  const passphrase = passphraseFile === undefined ? undefined : readFileSync(passphraseFile, 'utf8').replace(/\n$/, '')
  const { secretKey, publicKey, fingerprint } = await generateKeyPair({ name, email, passphrase })
  await makeFolders(out)
  writeFileSync(secretFile, secretKey, { mode: 0o600, flag: 'wx' })
  writeFileSync(publicFile, publicKey, { flag: 'wx' })
  print(`${secretFile}: keep it secret
${publicFile}: give it to those who import images (${fingerprint})

They add it to the keyring that machinectl pull-tar reads, and keep the keys of the distribution:
  sudo cp -n /usr/lib/systemd/import-pubring.* /etc/systemd/import-pubring.gpg
  sudo gpg --no-default-keyring --keyring /etc/systemd/import-pubring.gpg --import ${shellPath(publicFile)}
If /etc/systemd/import-pubring.pgp exists, systemd 258 and newer read that file instead: import the key there.

To sign: nspawn-rootfs build … --sign-key ${shellPath(secretFile)}`)
}
