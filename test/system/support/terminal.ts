import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { HANGS_AFTER } from './execute.ts'

/** Milliseconds after which what is waited for will not appear. */
const SILENT_AFTER = 60_000

/** A program on a terminal of its own, and who types there. */
export interface Terminal {
  /** Waits for `pattern` behind what was waited for before, and returns everything up to its end. */
  read(pattern: RegExp): Promise<string>
  type(text: string): void
  /** Waits for the end of the program, and returns its exit code. */
  finish(): Promise<number>
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
    async read(pattern) {
      const signal = AbortSignal.timeout(SILENT_AFTER)
      for (;;) {
        const match = pattern.exec(screen)
        if (match) {
          const end = match.index + match[0].length
          const text = screen.slice(0, end)
          screen = screen.slice(end)
          return text
        }
        if (child.stdout.readableEnded) throw new Error(`${line}: ended without ${pattern}:\n${screen}`)
        const more = [once(child.stdout, 'data', { signal }), once(child.stdout, 'end', { signal })]
        await Promise.race(more).catch(() => {
          throw new Error(`${line}: no ${pattern} in ${SILENT_AFTER / 1000} seconds:\n${screen}`)
        })
      }
    },
    type: text => void child.stdin.write(text),
    async finish() {
      const [code] = (await closed) as [number | null]
      return code ?? -1
    },
  }
}
