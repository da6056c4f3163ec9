import { Command, CommanderError } from 'commander'
import { VERSION } from '../index.ts'
import { defineBench } from './bench.ts'
import { defineBuild } from './build.ts'
import { addCacheCommands } from './cache.ts'
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
import { UsageError } from './usage.ts'

/** Runs a command line and resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // A closed output for messages does not end a build; without a listener Node would end.
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
  defineBuild(program.command('build').description('Build an image that machinectl import-tar and pull-tar accept.'))
  definePublish(program.command('publish').description('Build images into a folder that a web server serves.'))
  defineServe(program.command('serve').description('Serve a folder of images over HTTP, to try them.'))
  definePull(program.command('pull').description('Fetch the changed parts of an image from a web server.'))
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
  defineBench(program.command('bench').description('Compare the speed of builds with that of other programs.'))
  defineHelp(program)
  return program
}
