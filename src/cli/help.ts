import type { Command } from 'commander'
import { quoted } from '../printable.ts'
import { suggest } from '../suggest.ts'
import { listTopics, TOPICS } from './help/topics.ts'
import { print } from './print.ts'
import { UsageError } from './usage.ts'

/** Adds the command `help`, for commands and topics, in place of commander's own, which knows commands only. */
export function defineHelp(program: Command): void {
  program
    .helpCommand(false)
    .addHelpText('after', () => `\n${listTopics()}`)
    .command('help')
    .argument('[NAME...]', 'a command, or a topic of the list at the end of --help')
    .description('Explain a command or a topic.')
    .action((names: readonly string[]) => explain(program, names))
}

async function explain(program: Command, names: readonly string[]): Promise<void> {
  const topic = names.length === 1 && TOPICS.find(({ name }) => name === names[0])
  if (topic) print(typeof topic.text === 'string' ? topic.text : await topic.text())
  else commandOf(program, names).outputHelp()
}

/** The command that words name, such as `key generate`. Throws `UsageError`. */
function commandOf(program: Command, names: readonly string[]): Command {
  return names.reduce((command, name) => {
    const found = command.commands.find(one => one.name() === name)
    if (found) return found
    const known = command.commands.map(one => one.name())
    if (command === program) known.push(...TOPICS.map(topic => topic.name))
    const right = suggest(name, known) || '; nspawn-rootfs help lists all'
    throw new UsageError(`help: ${quoted(name)} is neither a command nor a topic${right}`)
  }, program)
}
