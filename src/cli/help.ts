import type { Command } from 'commander'
import { quoted } from '../printable.ts'
import { suggest } from '../suggest.ts'
import { listTopics, TOPICS } from './help/topics.ts'
import { print } from './print.ts'
import { UsageError } from './usage.ts'

/** Gives a command of the program its options. */
type Complete = (command: Command) => Promise<void>

/** Adds the command `help`, for commands and topics, in place of commander's own, which knows commands only. */
export function defineHelp(program: Command, complete: Complete): void {
  program
    .helpCommand(false)
    .addHelpText('after', () => `\n${listTopics()}`)
    .command('help')
    .argument('[NAME...]', 'a command, or a topic of the list at the end of --help')
    .description('Explain a command or a topic.')
    .action((names: readonly string[]) => explain(program, complete, names))
}

async function explain(program: Command, complete: Complete, names: readonly string[]): Promise<void> {
  const topic = names.length === 1 && TOPICS.find(({ name }) => name === names[0])
  if (topic) print(typeof topic.text === 'string' ? topic.text : await topic.text())
  else (await commandOf(program, complete, names)).outputHelp()
}

/** The command that words name, such as `key generate`. Throws `UsageError`. */
async function commandOf(program: Command, complete: Complete, names: readonly string[]): Promise<Command> {
  let command = program
  for (const name of names) {
    const found = command.commands.find(one => one.name() === name)
    if (!found) {
      const known = command.commands.map(one => one.name())
      if (command === program) known.push(...TOPICS.map(topic => topic.name))
      const right = suggest(name, known) || (await topicsAbout(name)) || '; nspawn-rootfs help lists all'
      throw new UsageError(`help: ${quoted(name)} is neither a command nor a topic${right}`)
    }
    command = found
    if (command.parent === program) await complete(command)
  }
  return command
}

/** Topics that are named for a word. */
const TOPICS_SHOWN = 3

/** The end of a message about a word: the topics in which words that begin like it occur most often, or nothing. */
async function topicsAbout(word: string): Promise<string> {
  if (!/^[\w-]{3,30}$/.test(word)) return ''
  const pattern = new RegExp(`\\b${word}`, 'gi')
  const counts = await Promise.all(
    TOPICS.map(async ({ name, text }) => {
      const all = typeof text === 'string' ? text : await text()
      return { name, count: all.match(pattern)?.length ?? 0 }
    }),
  )
  const best = counts.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)
  if (best.length === 0) return ''
  return `; it occurs in: ${best
    .slice(0, TOPICS_SHOWN)
    .map(({ name }) => `nspawn-rootfs help ${name}`)
    .join(', ')}`
}
