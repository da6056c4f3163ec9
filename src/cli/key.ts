import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { generateKeyPair } from '../index.ts'
import { printLines } from './print.ts'
import { shellPath } from './shell.ts'
import { somePath, UsageError } from './usage.ts'
import { writeFiles } from './write-files.ts'

interface GenerateFlags {
  out: string
  name: string
  email?: string
  passphraseFile?: string
}

/** Adds the subcommands of `key`. */
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

const SECRET = 'secret.asc'
const PUBLIC = 'public.asc'

async function generate({ out, name, email, passphraseFile }: GenerateFlags): Promise<void> {
  const checkNew = (folder: string) => {
    const taken = [SECRET, PUBLIC].find(file => lstatSync(join(folder, file), { throwIfNoEntry: false }))
    if (taken === undefined) return
    throw new UsageError(`${join(out, taken)}: there already, and a key cannot be made again; name another DIR`)
  }
  const passphrase = passphraseFile === undefined ? undefined : readFileSync(passphraseFile, 'utf8').replace(/\n$/, '')
  const { secretKey, publicKey, fingerprint } = await generateKeyPair({ name, email, passphrase })
  const files = [
    { file: SECRET, text: secretKey, mode: 0o600 },
    { file: PUBLIC, text: publicKey },
  ]
  await writeFiles(out, files, checkNew)
  const [secretFile, publicFile] = [join(out, SECRET), join(out, PUBLIC)]
  printLines([
    `${secretFile}: keep it secret`,
    `${publicFile}: give it to those who import images (${fingerprint})`,
    '',
    'They add it to the keyring that machinectl pull-tar reads, and keep the keys of the distribution:',
    '  sudo cp -n /usr/lib/systemd/import-pubring.* /etc/systemd/import-pubring.gpg',
    `  sudo gpg --no-default-keyring --keyring /etc/systemd/import-pubring.gpg --import ${shellPath(publicFile)}`,
    'If /etc/systemd/import-pubring.pgp exists, systemd 258 and newer read that file instead: import the key there.',
    '',
    `To sign: nspawn-rootfs build … --sign-key ${shellPath(secretFile)}`,
  ])
}
