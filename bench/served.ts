/** What bench/open.ts and bench/pull.ts share: options, images, and nginx, which counts the bytes that it sends. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measure, type Run } from '../src/bench/measure.ts'
import { nixStore } from '../test/system/support/closures.ts'
import { startNginx } from '../test/system/support/nginx.ts'

/** The command that is measured. */
export const CLI = [process.execPath, resolve(import.meta.dirname, '../dist/cli.js')]

/** Reads the options of the command line. */
export function readOptions() {
  const { values } = parseArgs({
    options: {
      closure: { type: 'string', default: 'large' },
      rounds: { type: 'string', default: '3' },
      level: { type: 'string', default: '1' },
    },
  })
  return { closure: values.closure as 'small' | 'large', rounds: Number(values.rounds), level: values.level }
}

/** Bytes of the package. */
const PACKAGE_SIZE = 300_000

/** Adds a version of a package to the store, and returns its store path. A file for it stays in `folder`. */
export async function addPackage(version: string, folder: string): Promise<string> {
  const file = join(folder, `package-${version}`)
  writeFileSync(file, Buffer.concat([readFileSync(process.execPath).subarray(0, PACKAGE_SIZE), Buffer.from(version)]))
  const { stdout } = await nixStore('--add', file)
  return stdout.trim()
}

/** A run, and the bytes that nginx sent for it. */
export type ServedRun = Run & { readonly bytes: number }

/** Serves a folder with nginx, whose own files are in `home`, with these directives. */
export async function serveCounted(folder: string, home: string, directives = '') {
  const traffic = join(home, 'traffic')
  const { url, stop } = await startNginx(folder, home, {
    http: "log_format bytes '$body_bytes_sent';",
    location: `${directives} access_log ${traffic} bytes;`,
  })
  return {
    url,
    stop,
    /** Measures a line of bash, and counts what is sent meanwhile. */
    async measure(line: string): Promise<ServedRun> {
      truncateSync(traffic)
      const run = await measure(line)
      const sizes = readFileSync(traffic, 'utf8').split('\n').map(Number)
      return { ...run, bytes: sizes.reduce((sum, size) => sum + size, 0) }
    },
  }
}
