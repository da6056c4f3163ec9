import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { type Command, Option } from 'commander'
import { makeFolders } from '../disk/index.ts'
import { FLAVOURS, type Flavour, SYSTEMS, type System, starterFiles, VERSION } from '../index.ts'
import { shellWord } from '../shell-word.ts'
import { imageName } from './image-name.ts'
import { printLines } from './print.ts'
import { shellPath } from './shell.ts'
import { somePath, UsageError } from './usage.ts'

interface InitFlags {
  flavour: Flavour
  name: string
  system: System
}

/** Adds the argument and options of the command `init`, and what it does. */
export function defineInit(init: Command): void {
  const system: System = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'
  init
    .argument('[DIR]', 'folder to write to', somePath, '.')
    .addOption(
      new Option('--flavour <FLAVOUR>', 'a NixOS system, or plain store paths').choices(FLAVOURS).default('nixos'),
    )
    .option('--name <NAME>', 'name of the image', imageName, 'machine')
    .addOption(new Option('--system <SYSTEM>', 'system of the image').choices(SYSTEMS).default(system))
    .action(runInit)
}

async function runInit(folder: string, { flavour, name, system }: InitFlags): Promise<void> {
  if (flavour === 'nixos') checkNixosName(name)
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new UsageError(`${folder}: is not a folder; name another DIR`)
  const schema = `https://unpkg.com/nspawn-rootfs@${VERSION}/dist/image.schema.json`
  const files = [...starterFiles({ flavour, name, system, schema })].map(
    ([file, text]) => [join(folder, file), text] as const,
  )
  const taken = files.map(([path]) => path).filter(path => existsSync(path))
  if (taken.length > 0)
    throw new UsageError(`${taken.join(', ')}: there already, nothing was written; name another DIR`)
  const made: string[] = []
  try {
    for (const [path, text] of files) {
      await makeFolders(dirname(path))
      writeFileSync(path, '', { flag: 'wx' })
      made.push(path)
      writeFileSync(path, text)
    }
  } catch (error) {
    for (const path of made) rmSync(path)
    throw error
  }
  const image = shellPath(join(folder, 'image.yaml'))
  // Without "path:" Nix would look for a Git checkout around it, and see no file that is not tracked in that.
  const flake = `path:${isAbsolute(folder) ? '' : './'}${join(folder, 'nixos')}`
  const steps =
    flavour === 'nixos'
      ? [
          `nix build ${shellWord(flake)}#nixosConfigurations.${name}.config.system.build.toplevel ` +
            `--out-link ${shellPath(join(folder, 'result'))}`,
          `nspawn-rootfs build ${image} --out images`,
        ]
      : [`nspawn-rootfs build ${image} --set PROGRAM=/nix/store/… --out images`]
  printLines([...files.map(([path]) => path), '', ...steps])
}

/** The name is that of the host (networking.hostName) and of an attribute in the flake. Throws `UsageError`. */
function checkNixosName(name: string): void {
  if (/^[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name)) return
  throw new UsageError(
    `--name ${name}: a NixOS host has a name of up to 63 letters, digits and "-" that starts with a letter and does not end in "-"`,
  )
}
