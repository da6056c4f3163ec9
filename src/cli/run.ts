import { Command, CommanderError, Option } from 'commander'
import { FORMATS, SYSTEMS, VERSION } from '../index.ts'
import { defineBench } from './bench.ts'
import { runBuild } from './build.ts'
import type { BuildFlags } from './build-spec.ts'
import { addCacheCommands, CACHE_DIR, CACHE_SHARED, CACHE_VERIFY, NO_CACHE } from './cache.ts'
import { defineCat } from './cat.ts'
import { defineCheck } from './check.ts'
import { defineDiff } from './diff.ts'
import { defineExtract } from './extract.ts'
import { describeFailure } from './failure.ts'
import { defineHelp } from './help.ts'
import { defineInit } from './init.ts'
import { addKeyCommands } from './key.ts'
import { defineLs } from './ls.ts'
import { print } from './print.ts'
import { definePublish } from './publish.ts'
import { definePull } from './pull.ts'
import { defineSbom } from './sbom.ts'
import { defineSchema } from './schema.ts'
import { defineServe } from './serve.ts'
import { defineSizes } from './sizes.ts'
import {
  collectNars,
  collectPaths,
  collectServers,
  collectValues,
  collectVariables,
  somePath,
  UsageError,
  wholeNumber,
} from './usage.ts'

const EPILOGUE = `
PATH is a store path or a symlink to one, such as ./result.

Examples:
  nspawn-rootfs build image.yaml --out images
  nspawn-rootfs build --toplevel ./result
  nspawn-rootfs build --toplevel ./result --stdout |
    ssh host 'machinectl import-tar - nixos'
  nspawn-rootfs build --store https://cache.nixos.org \\
    --toplevel /nix/store/…-nixos-system-…
  nspawn-rootfs build --store ./chroot --closure-info ./info \\
    --toplevel /nix/store/…-nixos-system-…

Exit codes: 0 done, 1 failed (the output folder is as it was), 2 wrong usage.

Topics (nspawn-rootfs help TOPIC): declaration, sources, caches, delivery,
block-cache, environment`

/** Runs a command line and resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // Who closes an output that only tells people something does not end a build; without a listener Node would.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    // `check` may have set another.
    return Number(process.exitCode ?? 0)
  } catch (error) {
    // Commander has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    print(`nspawn-rootfs: ${describeFailure(error)}`, process.stderr)
    return error instanceof UsageError ? 2 : 1
  }
}

function createProgram(): Command {
  const program = new Command('nspawn-rootfs')
    .description('Build machine images for systemd-nspawn from Nix closures.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(see --help)')
  program
    .command('build')
    .argument('[FILE]', 'declaration of the image, such as image.yaml; options override it', somePath)
    .description('Build an image that machinectl import-tar and pull-tar accept.')
    .option('--set <NAME=VALUE>', 'value of a variable of FILE (repeatable)', collectVariables)
    .option('--restrict <DIR>', 'restrict FILE to files below DIR and to store paths', somePath)
    .option('--allow-server <URL>', 'with --restrict: allow caches on this server (repeatable)', collectServers)
    .option('--toplevel <PATH>', 'NixOS system to boot, with its closure', somePath)
    .option('--etc-nixos <DIR>', 'folder to copy to /etc/nixos, for nixos-rebuild in the machine', somePath)
    .option('--root <PATH>', 'store path to include, with its closure (repeatable)', collectPaths)
    .option('--closure-info <DIR>', 'folder of nixpkgs closureInfo: include all that it lists', somePath)
    .option(
      '--store <DIR|URL>',
      'chroot store with its files in DIR/nix/store, or binary cache (repeatable; default: the store of this ' +
        'machine, then https://cache.nixos.org)',
      collectPaths,
    )
    .option(
      '--trusted-public-key <NAME:BASE64>',
      'key that may sign for caches (repeatable, or a list with blanks; default: cache.nixos.org-1)',
      collectValues,
    )
    .option('--no-require-signatures', 'accept store paths of caches without a signature')
    .option('--netrc-file <FILE>', 'netrc file with user names and passwords for caches', somePath)
    .option('--token-file <FILE>', 'file with a bearer token for the caches of --store', somePath)
    .option('--export <FILE>', 'output of nix-store --export: include all of it', somePath)
    .option('--nar <PATH=FILE>', 'store path to include, and its NAR, compressed or not (repeatable)', collectNars)
    .option('--name <NAME>', 'name of the image (default: nixos-system-SYSTEM)')
    .addOption(
      new Option(
        '--system <SYSTEM>',
        'system of the image; must match the toplevel (default: as the toplevel)',
      ).choices(SYSTEMS),
    )
    .addOption(
      new Option('--format <FORMAT>', 'format of the image (default: tar.xz; tar.zst needs systemd 258)').choices(
        FORMATS,
      ),
    )
    .option('--arm64-branches', 'compress ARM64 code better; the host that imports needs liblzma 5.4')
    .option('--level <0-9>', 'compression level (default: 6)', wholeNumber(0, 9))
    .option('--workers <N>', 'threads (default: one per processor)', wholeNumber(1, 256))
    .addOption(NO_CACHE)
    .addOption(CACHE_DIR)
    .addOption(CACHE_SHARED)
    .addOption(CACHE_VERIFY)
    .option('--nspawn <FILE>', 'settings file to deliver as NAME.nspawn', somePath)
    .option('--sign-key <FILE>', 'OpenPGP secret key to sign SHA256SUMS with', somePath)
    .option('--sign-gpg <KEY>', 'sign SHA256SUMS with gpg and its key KEY', somePath)
    .option('--passphrase-file <FILE>', 'file with the passphrase of --sign-key', somePath)
    .option('--out <DIR>', 'folder for the image and the files beside it (default: .)', somePath)
    .option('--stdout', 'write the image to standard output and no files')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EPILOGUE)
    .action((file: string | undefined, flags: BuildFlags) => runBuild(file, flags))
  definePublish(program.command('publish').description('Build images into a folder that a web server serves.'))
  defineServe(program.command('serve').description('Serve a folder of images over HTTP, to try them.'))
  definePull(program.command('pull').description('Fetch an image from a web server, and of it only what has changed.'))
  defineCheck(program.command('check').description('Check whether systemd imports and boots an image.'))
  defineLs(program.command('ls').description('List what is in an image.'))
  defineCat(program.command('cat').description('Print files of an image.'))
  defineExtract(program.command('extract').description('Extract an image, or some of it, to a folder.'))
  defineSizes(program.command('sizes').description('Show what takes the space in an image, and why it is there.'))
  defineDiff(program.command('diff').description('Show what differs between two images.'))
  defineSbom(program.command('sbom').description('Print a software bill of materials of an image.'))
  defineInit(program.command('init').description('Write a first declaration of an image.'))
  defineSchema(program.command('schema').description('Print the JSON schema of declarations or of manifests.'))
  addKeyCommands(program.command('key').description('Make keys that sign images.'))
  addCacheCommands(program.command('cache').description('Show, prune or clear the cache of compressed blocks.'))
  defineBench(program.command('bench').description('Measure the speed of builds and of other programs.'))
  defineHelp(program)
  return program
}
