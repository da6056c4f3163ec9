import { Command, CommanderError, Option } from 'commander'
import { FORMATS, SYSTEMS, VERSION } from '../index.ts'
import { defineBench } from './bench.ts'
import { runBuild } from './build.ts'
import type { BuildFlags } from './build-spec.ts'
import { addCacheCommands, CACHE_DIR, CACHE_SHARED, CACHE_VERIFY, NO_CACHE } from './cache.ts'
import { defineCheck } from './check.ts'
import { describeFailure } from './failure.ts'
import { defineInit } from './init.ts'
import { addKeyCommands } from './key.ts'
import { print } from './print.ts'
import { definePublish } from './publish.ts'
import { defineSchema } from './schema.ts'
import { defineServe } from './serve.ts'
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
  nspawn-rootfs build --toplevel ./result --stdout | ssh host 'machinectl import-tar - nixos'
  nspawn-rootfs build --store https://cache.nixos.org --toplevel /nix/store/…-nixos-system-…
  nspawn-rootfs build --store ./chroot --closure-info ./info --toplevel /nix/store/…-nixos-system-…

Exit codes: 0 done, 1 failed (nothing is left behind), 2 wrong usage.`

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
    .argument('[FILE]', 'declaration of the image, such as image.yaml; options count more than what it says', somePath)
    .description('Build an image that machinectl import-tar and pull-tar accept.')
    .option('--set <NAME=VALUE>', 'value of a variable of FILE (repeatable)', collectVariables)
    .option(
      '--restrict <DIR>',
      'let FILE name only files below DIR, store paths, and servers named by options',
      somePath,
    )
    .option(
      '--allow-server <URL>',
      'server of caches that FILE may name despite --restrict (repeatable)',
      collectServers,
    )
    .option('--toplevel <PATH>', 'NixOS system to boot; its closure is in the image', somePath)
    .option('--etc-nixos <DIR>', 'folder that becomes /etc/nixos in the image, for nixos-rebuild there', somePath)
    .option('--root <PATH>', 'more store paths whose closure is in the image (repeatable)', collectPaths)
    .option('--closure-info <DIR>', 'folder of nixpkgs closureInfo: all it lists is in the image', somePath)
    .option(
      '--store <DIR|URL>',
      'chroot store with files in DIR/nix/store, or binary cache (repeatable; default: the store that Nix uses here, ' +
        'and for paths that are not in it https://cache.nixos.org)',
      collectPaths,
    )
    .option(
      '--trusted-public-key <NAME:BASE64>',
      'who may sign for caches (repeatable, or several with blanks in between; default: cache.nixos.org-1)',
      collectValues,
    )
    .option('--no-require-signatures', 'believe what caches say of store paths without a signature')
    .option('--netrc-file <FILE>', 'user names and passwords for caches', somePath)
    .option('--token-file <FILE>', 'holds a bearer token for the caches given with --store', somePath)
    .option('--export <FILE>', 'what nix-store --export wrote: all it holds is in the image', somePath)
    .option(
      '--nar <PATH=FILE>',
      'store path and its NAR, compressed or not, which is in the image (repeatable)',
      collectNars,
    )
    .option('--name <NAME>', 'name of the image (default: nixos-system-SYSTEM)')
    .addOption(new Option('--system <SYSTEM>', 'names the image (default: what the toplevel says)').choices(SYSTEMS))
    .addOption(
      new Option('--format <FORMAT>', 'format of the file (default: tar.xz; tar.zst needs systemd 258)').choices(
        FORMATS,
      ),
    )
    .option('--arm64-branches', 'convert the branches of ARM64 code: smaller, but importers need liblzma 5.4')
    .option('--level <0-9>', 'how hard to compress (default: 6)', wholeNumber(0, 9))
    .option('--workers <N>', 'threads (default: one per processor)', wholeNumber(1, 256))
    .addOption(NO_CACHE)
    .addOption(CACHE_DIR)
    .addOption(CACHE_SHARED)
    .addOption(CACHE_VERIFY)
    .option('--nspawn <FILE>', 'systemd.nspawn(5) file to deliver as NAME.nspawn', somePath)
    .option('--sign-key <FILE>', 'OpenPGP secret key that signs SHA256SUMS', somePath)
    .option('--sign-gpg <KEY>', 'key of gpg that signs SHA256SUMS', somePath)
    .option('--passphrase-file <FILE>', 'holds the passphrase of the --sign-key', somePath)
    .option('--out <DIR>', 'folder for the image and what belongs to it (default: .)', somePath)
    .option('--stdout', 'write the image to standard output, and no files')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EPILOGUE)
    .action((file: string | undefined, flags: BuildFlags) => runBuild(file, flags))
  definePublish(program.command('publish').description('Build images into a folder that a web server serves.'))
  defineServe(program.command('serve').description('Serve a folder of images, to try them on this machine.'))
  defineCheck(program.command('check').description('Say whether systemd imports an image and boots it.'))
  defineInit(program.command('init').description('Write the declaration of an image to begin with.'))
  defineSchema(program.command('schema').description('Print the JSON schema of declarations, for editors.'))
  addKeyCommands(program.command('key').description('Make keys that sign images.'))
  addCacheCommands(program.command('cache').description('Look after the compressed blocks that builds keep.'))
  defineBench(program.command('bench').description('Measure how fast images are made, beside other programs.'))
  return program
}
