/** What the hosts of the journey import: made once, for all of them. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, FORMATS } from '../../../src/index.ts'
import { cli } from '../support/cli.ts'
import type { TestClosure } from '../support/closures.ts'

/** The settings of the published image, and of the small ones. */
export const HOST_NETWORK = '[Network]\nPrivate=no\nVirtualEthernet=no\n'

/** Bytes. systemd-pull 252 hangs now and then where an image has come before the little files beside it: see image-server.ts. */
const TAKES_LONGER = 64 << 20

/** What the published image has as /srv/greeting.txt, and the one that updates it. */
const GREETINGS = { 1: 'hello', 2: 'good morning' } as const

/** The URL from which `systemd-sysupdate` updates: in a host whose network is its own, this port is free. */
export const UPDATE_PORT = 8123

const declarationOf = (toplevel: string, greeting: string) => `
name: nixos
closure: { toplevel: ${toplevel} }
files:
  /etc/nix/nix.conf: { text: "build-users-group =\\n" }
  /srv/greeting.txt: { text: "${greeting}\\n" }
systemd:
  hostname: nixos
  units:
    systemd-networkd.service: { enable: true }
    greeter.service:
      enable: true
      text: |
        [Service]
        ExecStart=/usr/bin/busybox httpd -f -p 8081 -h /srv
        [Install]
        WantedBy=multi-user.target
nspawn:
  Network: { Private: false, VirtualEthernet: false }
compression: { level: 1 }
signing: { keyFile: keys/secret.asc }
`

/** A folder to publish, with images in it that are good or bad. */
export interface Images {
  /** Holds `nixos.tar.xz`, which boots, and folders with small images. */
  readonly folder: string
  /** A folder in that one, which holds a folder each in which the first version of `nixos` is published, the second too, and one that is forged. */
  readonly updates: string
  /** The public key that all are signed with. */
  readonly publicKey: string
  /** The shell commands that are said to make a host trust it, which has it as {@link PUBLIC_KEY_NAME}. */
  readonly trustCommands: string
  readonly closure: TestClosure
  /** The only store path of the small images. */
  readonly smallPath: string
}

export const PUBLIC_KEY_NAME = 'public.asc'

/** Builds the image of a closure, and small ones: one of each format, and some in which one thing each is wrong. */
export async function makeImages(closure: TestClosure, parent: string): Promise<Images> {
  const folder = join(parent, 'images')
  const keys = join(parent, 'keys')
  const declaration = join(parent, 'image.yaml')
  writeFileSync(declaration, declarationOf(closure.link, GREETINGS[1]))
  // Where it is told to go, so that what it says of the key fits a folder that holds it.
  const { stdout } = await cli(['key', 'generate', '--out', 'keys'], { cwd: parent })
  const cache = ['--cache-dir', join(parent, 'cache')]
  await cli(['publish', declaration, '--out', folder, ...cache])
  const smallPath = closure.paths.find(path => path.includes('-busybox-static-'))!
  const small = { roots: [smallPath], name: 'nixos', level: 1 } as const
  const signing = { keyFile: join(keys, 'secret.asc') }
  for (const format of FORMATS) await build({ ...small, format, signing }).toFolder(join(folder, format))
  for (const name of ['good', 'other']) {
    const contents = Buffer.alloc(TAKES_LONGER, name)
    const entries = [{ type: 'file', path: '/srv/filler', contents }] as const
    await build({ ...small, entries, format: 'tar', nspawn: HOST_NETWORK, signing }).toFolder(join(folder, name))
  }
  makeBadCopies(folder)
  return {
    folder,
    updates: await makeUpdates(folder, closure, cache),
    publicKey: join(keys, 'public.asc'),
    trustCommands: trustCommandsIn(stdout.text),
    closure,
    smallPath,
  }
}

/** Publishes two versions, one after the other. */
async function makeUpdates(folder: string, closure: TestClosure, cache: readonly string[]): Promise<string> {
  const updates = join(folder, 'updates')
  const declaration = join(folder, '../update.yaml')
  for (const [version, greeting] of Object.entries(GREETINGS)) {
    writeFileSync(declaration, declarationOf(closure.link, greeting))
    const out = join(updates, version)
    if (version !== '1') cpSync(join(updates, '1'), out, { recursive: true, verbatimSymlinks: true })
    const url = `http://127.0.0.1:${UPDATE_PORT}/site`
    await cli(['publish', declaration, '--out', out, '--version-name', version, '--url', url, ...cache])
  }
  cpSync(join(updates, '2'), join(updates, 'forged'), { recursive: true, verbatimSymlinks: true })
  const checksums = join(updates, 'forged', 'SHA256SUMS')
  const lines = readFileSync(checksums, 'utf8')
  writeFileSync(
    checksums,
    lines +
      lines
        .split('\n')
        .find(line => line.endsWith('nixos_2.tar.xz'))!
        .replace('_2', '_3') +
      '\n',
  )
  return updates
}

/** The commands that `key generate` prints, for a shell that runs as root in the folder of the public key. */
function trustCommandsIn(text: string): string {
  const lines = text.split('\n').filter(line => /^ +sudo /.test(line))
  return lines
    .join('\n')
    .replace(/\bsudo /g, '')
    .replaceAll('keys/public.asc', PUBLIC_KEY_NAME)
}

function makeBadCopies(folder: string): void {
  const copy = (from: string, to: string, files: readonly string[]) => {
    mkdirSync(join(folder, to), { recursive: true })
    for (const file of files) cpSync(join(folder, from, file), join(folder, to, file))
  }
  const signatures = ['SHA256SUMS.gpg', 'SHA256SUMS.asc']
  const all = ['nixos.tar', 'nixos.nspawn', 'SHA256SUMS', ...signatures]
  for (const name of ['flipped', 'stale', 'forged', 'armored']) copy('good', name, all)
  const image = readFileSync(join(folder, 'flipped/nixos.tar'))
  image[image.length >> 1]! ^= 1
  writeFileSync(join(folder, 'flipped/nixos.tar'), image)
  copy('other', 'stale', ['SHA256SUMS', ...signatures])
  copy('other', 'forged', signatures)
  rmSync(join(folder, 'armored/SHA256SUMS.gpg'))
}
