/** Versions of Nix, each in a Debian system that has it, with a store of its own. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CliOptions, commandOf, REPOSITORY } from './cli.ts'
import { madeRoot } from './debian-root.ts'
import { execute } from './execute.ts'
import type { Scratch } from './scratch.ts'

/** The releases of Debian with a Nix, and its version in each. Sid moves: it is the oldest that it may have. */
export const NIX_VERSIONS = { bookworm: [2, 8], trixie: [2, 26], sid: [2, 34] } as const

export type NixSuite = keyof typeof NIX_VERSIONS

/** What it takes to make the systems, and to run something in them. */
export const NIX_PROGRAMS = ['mmdebstrap', 'unshare', 'mount', 'chroot', 'setpriv', 'nix', 'nix-store'] as const

/** The root directory of a system with Nix, as of {@link madeRoot}: that of this machine is one of bookworm. */
export async function madeNixRoot(suite: NixSuite): Promise<string> {
  if (suite === 'bookworm') return '/'
  const args = [
    ...['--quiet', '--variant=minbase', '--include=nix-bin'],
    // What a mirror has of sid may be older than its Release file allows.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--customize-hook=mkdir "$1/nix"',
    suite,
  ]
  return madeRoot(`nix-${suite}`, args)
}

/** Users of a system with Nix. */
export type NixUser = 'root' | 'nobody'

/** A system with Nix. Of this machine it shows what is below /var/tmp. */
export interface NixMachine {
  /** The folder that is `/nix` in it. */
  readonly nix: string
  /** Where the checkout is in it. */
  readonly checkout: string
  /** Runs a program as a user with nothing in its environment but `env`, which has a PATH unless it gives one. */
  runAs(user: NixUser, env: Record<string, string>, ...command: readonly string[]): Promise<Output>
  /** Options of a run of the command in it, with that `PATH`. */
  cli(options: { user?: NixUser; env?: Record<string, string> }): CliOptions
  /** Runs a program of Nix, with {@link BUILD_CONFIG}; rejects unless it succeeds. */
  run(program: string, ...args: readonly string[]): Promise<Output>
  /** A command line that runs what is put behind it as {@link runAs} does. */
  command(user: NixUser, env: Record<string, string>): readonly string[]
  /** What the named export of a module of this project resolves to, as JSON: called by root, with that PATH. */
  call(path: string, module: string, name: string, ...args: readonly unknown[]): Promise<unknown>
}

interface Output {
  readonly stdout: string
  readonly stderr: string
}

/** Settings under which root builds without a sandbox, without users for it, and without asking caches. */
const BUILD_CONFIG = [
  'extra-experimental-features = nix-command',
  'build-users-group =',
  'sandbox = false',
  'substituters =',
].join('\n')

const PATH = '/usr/bin:/bin'

/** Shows a system what it needs of this machine, and enters it: for root NIX NODE ITS-PLACE CHECKOUT ITS-PLACE COMMAND. */
const ENTER = `
  root=$1
  path=$PATH
  PATH=/usr/sbin:/usr/bin:/bin
  mount --bind "$2" "$root/nix"
  mount --bind "$3" "$4"
  mount --bind "$5" "$6"
  shift 6
  if [ "$root" != / ]; then
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    for folder in dev proc var/tmp; do mount --rbind "/$folder" "$root/$folder"; done
  fi
  exec chroot "$root" /usr/bin/env PATH="$path" "$@"`

/** Makes a system with the Nix of a release, and an empty `/nix`. */
export async function createNixMachine(scratch: Scratch, suite: NixSuite): Promise<NixMachine> {
  const root = await madeNixRoot(suite)
  const folder = scratch.make(suite)
  const [nix, node, checkout] = [join(folder, 'nix'), join(folder, 'node'), join(folder, 'checkout')]
  mkdirSync(nix)
  writeFileSync(node, '')
  mkdirSync(checkout)
  const enter = ['/usr/bin/unshare', '--mount', '/bin/sh', '-euc', ENTER, 'sh']
  const places = [root, nix, process.execPath, node, REPOSITORY, checkout]
  const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  const through = (user: NixUser) => [...enter, ...places, ...(user === 'nobody' ? nobody : [])]
  const machine: NixMachine = {
    nix,
    checkout,
    cli: ({ user = 'root', env }) => ({
      env: { PATH, HOME: '/nonexistent', ...env },
      through: through(user),
      command: commandOf(checkout, node),
    }),
    command(user, env) {
      const variables = Object.entries({ PATH, HOME: '/nonexistent', ...env }).map(
        ([name, value]) => `${name}=${value}`,
      )
      return [...through(user), '/usr/bin/env', '-i', ...variables]
    },
    runAs(user, env, ...command) {
      const [first = '', ...rest] = [...machine.command(user, env), ...command]
      return execute(first, rest)
    },
    run: (...command) => machine.runAs('root', { NIX_CONFIG: BUILD_CONFIG }, ...command),
    async call(path, module, name, ...args) {
      const file = JSON.stringify(join(checkout, module))
      const given = args.map(arg => JSON.stringify(arg)).join(', ')
      const script = `const { ${name} } = await import(${file}); console.log(JSON.stringify(await ${name}(${given})))`
      const command = [node, '--input-type=module', '--eval', script]
      return JSON.parse((await machine.runAs('root', { PATH: path }, ...command)).stdout)
    },
  }
  return machine
}

/** The store paths of a closure that {@link buildClosure} made. */
export interface SmallClosure {
  readonly top: string
  /** All of them, in the order of nix-store. */
  readonly paths: readonly string[]
  /** The one with that name. */
  named(name: string): string
}

/** Builds ../nix-versions/closure.nix in the store of a machine. */
export async function buildClosure(machine: NixMachine): Promise<SmallClosure> {
  const expression = join(machine.checkout, 'test/system/nix-versions/closure.nix')
  const top = (await machine.run('nix-build', '--no-out-link', expression)).stdout.trim()
  const paths = (await machine.run('nix-store', '--query', '--requisites', top)).stdout.trim().split('\n')
  return { top, paths, named: name => paths.find(path => path.endsWith(`-${name}`))! }
}
