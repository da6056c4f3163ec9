import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'tsup'
import type { TestProject } from 'vitest/node'
import { common } from '../tsup.config.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder with the command and the threads' program, bundled as the package has them. */
    readonly bundle: string
  }
}

// Below node_modules, where the bundle finds what it needs.
const FOLDERS = join(import.meta.dirname, '../node_modules/.cache/nspawn-rootfs')

/**
 * Bundles the sources once for all tests that start the command or build images: a process or a thread that loads the bundle
 * is up in a third to half of the time.
 */
export async function bundleSources(project: TestProject): Promise<() => Promise<void>> {
  await mkdir(FOLDERS, { recursive: true })
  const folder = await mkdtemp(join(FOLDERS, 'test-'))
  const entries = { cli: 'src/cli/main.ts', worker: 'src/produce/worker.ts' }
  await Promise.all(
    Object.entries(entries).map(([name, entry]) =>
      build({ ...common, config: false, entry: { [name]: entry }, outDir: folder, silent: true }),
    ),
  )
  project.provide('bundle', folder)
  return () => rm(folder, { recursive: true, force: true })
}
