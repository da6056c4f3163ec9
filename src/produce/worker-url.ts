import { pathToFileURL } from 'node:url'

/** What the threads run: beside this file in the sources, beside the entry of the package once it is built. */
export function workerUrlOf(workerUrl: string | URL | undefined): URL {
  if (workerUrl instanceof URL) return workerUrl
  if (workerUrl !== undefined) return URL.canParse(workerUrl) ? new URL(workerUrl) : pathToFileURL(workerUrl)
  // Bundled into a CommonJS file, a module has no URL.
  const here: string | undefined = import.meta.url
  if (here === undefined) throw new TypeError('workerUrl: needed in a CommonJS bundle: the URL of nspawn-rootfs/worker')
  return new URL(here.endsWith('.ts') ? './worker.ts' : './worker.js', here)
}
