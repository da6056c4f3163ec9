import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandOf, REPOSITORY } from './support/cli.ts'
import { closureOf, NIX_ENV, type TestClosure } from './support/closures.ts'
import { execute } from './support/execute.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const tar = needsRoot(...CLOSURE_PROGRAMS, 'tar', 'cmp', 'bash', 'nix-hash')

/** The command of nixpkgs' make-system-tarball; --hard-dereference because images do not depend on how a store is kept. */
const GNU_TAR =
  'tar --hard-dereference --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --create *'

describe.skipIf(tar.skip)(`the tar of a real closure${tar.because}`, () => {
  let scratch: Scratch
  let closure: TestClosure

  beforeAll(async () => {
    scratch = createScratch()
    closure = await closureOf('large')
  })
  afterAll(() => scratch?.remove())

  it("is byte for byte GNU tar's of the tree that nixpkgs lays out", async () => {
    const tree = scratch.make('tree')
    await layOut(closure, tree)
    const ours = '"$NODE" "$MAIN" build --toplevel "$LINK" --format tar --stdout 2> "$LOG"'
    const script = `set -o pipefail; ${ours} | cmp - <(cd "$TREE" && LC_ALL=C ${GNU_TAR}) && cat "$LOG"`
    const [NODE, MAIN] = commandOf(REPOSITORY)
    const env = { NODE, MAIN, LINK: closure.link, TREE: tree, LOG: join(scratch.folder, 'log') }
    const { stdout } = await execute('bash', ['-c', script], { env })
    expect(stdout).toContain(`${closure.paths.length} store paths`)
  })
})

/** The tree of make-system-tarball.sh, with `storeContents` and `contents` as for a machine of systemd-nspawn. */
async function layOut({ paths, toplevel }: TestClosure, tree: string): Promise<void> {
  for (const folder of ['nix/store', 'nix/var/nix/profiles', 'sbin', 'etc', 'proc', 'sys', 'dev']) {
    mkdirSync(join(tree, folder), { recursive: true, mode: 0o755 })
  }
  await execute('cp', ['--archive', ...paths, join(tree, 'nix/store')])
  symlinkSync(toplevel, join(tree, 'nix/var/nix/profiles/system'))
  symlinkSync('/nix/var/nix/profiles/system/init', join(tree, 'sbin/init'))
  copyFileSync(join(toplevel, 'etc/os-release'), join(tree, 'etc/os-release'))
  chmodSync(join(tree, 'etc/os-release'), 0o444)
  writeFileSync(join(tree, 'nix-path-registration'), await registrationOf(toplevel), { mode: 0o444 })
}

interface PathInfo {
  path: string
  narHash: string
  narSize: number
  references: string[]
}

/** What the jq program of nixpkgs' closureInfo makes of a closure. */
async function registrationOf(toplevel: string): Promise<string> {
  const { stdout } = await execute('nix', ['path-info', '--json', '--recursive', toplevel], { env: NIX_ENV })
  const infos = (JSON.parse(stdout) as PathInfo[]).sort((a, b) => (a.path < b.path ? -1 : 1))
  const base16 = infos.map(({ narHash }) => Buffer.from(narHash.slice('sha256-'.length), 'base64').toString('hex'))
  const hashes = (await execute('nix-hash', ['--type', 'sha256', '--to-base32', ...base16])).stdout.trim().split('\n')
  const records = infos.map(({ path, narSize, references }, i) =>
    [path, `sha256:${hashes[i]}`, narSize, '', references.length, ...references.sort()].join('\n'),
  )
  return records.map(record => `${record}\n`).join('')
}
