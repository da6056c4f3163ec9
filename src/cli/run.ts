import { Command, CommanderError } from 'commander'
import { describeUrl } from '../describe-url.ts'
import { VERSION } from '../version.ts'
import { COMMANDS } from './commands.ts'
import { defineHelp } from './help.ts'
import { print } from './print.ts'
import { endByCaughtSignal } from './signals.ts'
import { UsageError } from './usage.ts'

/** Runs a command line and resolves to the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // If a reader of messages closes the pipe, the build continues; without a listener, Node would end it.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  try {
    const program = createProgram()
    // Options in front of a command take no value. Not in a hook of commander's, which sets the defaults of --no-… before.
    const name = args.find(arg => !arg.startsWith('-'))
    const called = program.commands.find(command => command.name() === name)
    if (called) await complete(called)
    await program.parseAsync(args, { from: 'user' })
    // `check` may have set another.
    return Number(process.exitCode ?? 0)
  } catch (error) {
    // Commander has printed the error, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { describeFailure } = await import('./failure.ts')
    print(`nspawn-rootfs: ${describeFailure(error)}`, process.stderr)
    endByCaughtSignal()
    return error instanceof UsageError ? 2 : 1
  }
}

function createProgram(): Command {
  const program = new Command('nspawn-rootfs')
    .description('Build machine images for systemd-nspawn from Nix closures.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ outputError: text => print(withoutSecrets(text).trimEnd(), process.stderr) })
    .showHelpAfterError('(see --help)')
  for (const [name, { description }] of COMMANDS) {
    program.command(name).description(description)
  }
  const { subcommandTerm } = program.createHelp()
  program.configureHelp({
    subcommandTerm(command) {
      const listed = COMMANDS.get(command.name())
      return listed ? `${command.name()} ${listed.usage}`.trimEnd() : subcommandTerm(command)
    },
  })
  defineHelp(program, complete)
  return program
}

/** What is refused is quoted, and may be a URL with a password. */
function withoutSecrets(text: string): string {
  return text.replace(/(\S*:\/\/\S*?)(['".]*)(?=\s|$)/g, (_, url, end) => describeUrl(url) + end)
}

/** Gives a command its options, and what it does. */
async function complete(command: Command): Promise<void> {
  const define = await COMMANDS.get(command.name())?.load()
  define?.(command)
}
