import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { HANGS_AFTER } from './execute.ts'
import { until } from './until.ts'

/** A program on a terminal of its own, and who types there. */
export interface Terminal {
  /** Waits for `pattern` behind what was waited for before. */
  read(pattern: RegExp): Promise<void>
  type(text: string): void
  /** Waits for the end of the program, and returns its exit code. */
  finish(): Promise<number | null>
}

/** Runs a program on a pseudo-terminal, with `script`. It ends after ten minutes at the latest. */
export function openTerminal(command: readonly string[]): Terminal {
  const line = command.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
    env: { ...process.env, TERM: 'vt220' },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: HANGS_AFTER,
  })
  const closed = once(child, 'close')
  // What is typed to a program that has ended is lost, as on any terminal.
  child.stdin.on('error', () => {})
  let screen = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    screen += text
  })
  return {
    read: pattern =>
      until(`${pattern} on the terminal of ${line}`, async () => {
        const match = pattern.exec(screen)
        if (match === null) throw new Error(screen)
        screen = screen.slice(match.index + match[0].length)
      }),
    type: text => void child.stdin.write(text),
    async finish() {
      const [code] = await closed
      return code
    },
  }
}
