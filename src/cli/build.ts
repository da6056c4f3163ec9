import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import { build, FORMATS, type ImageSpec, SYSTEMS } from '../index.ts'
import { type BuildFlags, checkFlags, specOf, unpacksNars } from './build-spec.ts'
import { CACHE_DIR, CACHE_SHARED, CACHE_VERIFY, cacheOptionsOf, NO_CACHE } from './cache.ts'
import { imageName } from './image-name.ts'
import { printJson, printWarnings, write } from './print.ts'
import { createProgressView } from './progress-view.ts'
import { abortOnSignals } from './signals.ts'
import { isStdoutRead, spoilStdout, writeToStdout } from './stdout.ts'
import { formatSummary } from './summary-view.ts'
import {
  collectNars,
  collectPaths,
  collectServers,
  collectValues,
  collectVariables,
  somePath,
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

/** Adds the options of the command `build`, and what it does. */
export function defineBuild(build: Command): void {
  build
    .argument('[FILE]', 'declaration of the image, such as image.yaml; options override it', somePath)
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
      'key that may sign for caches (repeatable, or several with blanks between; default: cache.nixos.org-1)',
      collectValues,
    )
    .option('--no-require-signatures', 'accept store paths of caches without a signature')
    .option('--netrc-file <FILE>', 'netrc file with user names and passwords for caches', somePath)
    .option('--token-file <FILE>', 'file with a bearer token for the caches of --store', somePath)
    .option('--export <FILE>', 'output of nix-store --export: include all of it', somePath)
    .option('--nar <PATH=FILE>', 'store path to include, and its NAR, compressed or not (repeatable)', collectNars)
    .option('--name <NAME>', 'name of the image (default: nixos-system-SYSTEM)', imageName)
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
}

/** Builds an image by the options, shows its progress, and prints the result. */
async function runBuild(file: string | undefined, flags: BuildFlags): Promise<void> {
  checkFlags(file, flags)
  const started = performance.now()
  const interrupt = abortOnSignals()
  // With both, the JSON goes to standard error, where a program reads it: nothing else belongs there.
  const view = flags.json && flags.stdout ? undefined : createProgressView(process.stderr)
  try {
    const spec = await specOf(file, flags)
    const options = { workers: workersOf(flags, spec), signal: interrupt.signal, ...cacheOptionsOf(flags) }
    const job = build(spec, options)
    if (view) job.on('progress', view.show)
    const result = await (flags.stdout ? job.writeTo(writeToStdout) : job.toFolder(flags.out ?? '.'))
    view?.clear()
    const seconds = (performance.now() - started) / 1000
    if (!flags.json) printWarnings(result.warnings)
    // If the image goes to standard output, texts go to standard error.
    const target = flags.stdout ? process.stderr : process.stdout
    if (flags.json) printJson(withoutManifest(result), target)
    else write(formatSummary(result, seconds, target), target)
  } catch (error) {
    if (flags.stdout) await spoilStdout()
    throw error
  } finally {
    view?.clear()
    interrupt.dispose()
  }
}

/** Threads that read a plain tar as fast as one writes it: on 16 processors, 4 take 0.63 s where 15 take 0.87. */
const PLAIN_WORKERS = 4

/**
 * Threads, `undefined` for one per processor. A plain tar into a pipe leaves one processor to the reader and to the thread that
 * writes: with two processors, that takes 1.2 s instead of 1.4 (`npm run bench`). Not where NARs are unpacked, which takes longer
 * than anything a reader does.
 */
function workersOf({ workers, stdout }: BuildFlags, spec: ImageSpec): number | undefined {
  if (workers !== undefined || spec.format !== 'tar' || unpacksNars(spec)) return workers
  const others = stdout && isStdoutRead() ? 1 : 0
  return Math.max(1, Math.min(PLAIN_WORKERS, availableParallelism() - others))
}

function withoutManifest(result: object): object {
  const { manifest: _, ...rest } = result as { manifest?: unknown }
  return rest
}
