import { type Command, InvalidArgumentError } from 'commander'
import { type FolderServer, pullLines, serveFolder } from '../index.ts'
import { printLines } from './print.ts'
import { abortOnSignals } from './signals.ts'
import { somePath, wholeNumber } from './usage.ts'

interface ServeFlags {
  port: number
  host: string
}

/** Adds the argument and options of the command `serve`, and what it does. */
export function defineServe(serve: Command): void {
  serve
    .argument('[DIR]', 'folder of images', somePath, '.')
    .option('--port <N>', 'port to listen on', wholeNumber(0, 65535), 8080)
    .option('--host <ADDRESS>', 'address to listen on; 0.0.0.0 or :: admits other machines', someAddress, '127.0.0.1')
    .action(runServe)
}

/** Takes an address, but not that of an unset variable, which would mean all of them. */
function someAddress(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('give an address, such as 127.0.0.1')
}

async function runServe(folder: string, { port, host }: ServeFlags): Promise<void> {
  const interrupt = abortOnSignals()
  let server: FolderServer | undefined
  try {
    server = await serveFolder(folder, {
      ...{ port, host, signal: interrupt.signal },
      onRequest: line => printLines([line], process.stderr),
    })
    const lines = await pullLines(server.url, folder)
    printLines([server.url, ...lines, 'Control-C ends it.'])
    // By the signal.
    await server.closed
  } finally {
    interrupt.dispose()
    await server?.close()
  }
}
