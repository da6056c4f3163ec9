import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { inject, onTestFinished } from 'vitest'
import { build } from '../../src/index.ts'
import { serveCache } from '../binary-cache.ts'
import { temporaryFolder } from '../temporary.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../fixtures/examples/bundling')
const DEMO = resolve(import.meta.dirname, '../../fixtures/demo')

/** A package of somebody who uses the tarball, in a folder of its own. */
export interface Project {
  readonly folder: string
  /** Runs a program in the folder, and resolves to what it printed. */
  run(program: string, ...args: string[]): Promise<string>
  /** Removes the folder. */
  remove(): void
}

/** Makes a project of an example. What programs keep for themselves is kept in its folder. */
export function createProject(example: string, environment: Readonly<Record<string, string>> = {}): Project {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-toolchain-'))
  cpSync(join(EXAMPLES, example), folder, { recursive: true })
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    XDG_CACHE_HOME: join(folder, '.cache'),
    CI: '1',
    NO_COLOR: '1',
    ...environment,
  }
  // Those of the vitest that runs this.
  for (const name of Object.keys(env)) if (/^(vitest|node_env|node_options|force_color)/i.test(name)) delete env[name]
  return {
    folder,
    async run(program, ...args) {
      const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: folder, env })
      return stdout + stderr
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Makes a project for the time of a test. */
export function temporaryProject(...options: Parameters<typeof createProject>): Project {
  const project = createProject(...options)
  onTestFinished(project.remove)
  return project
}

/** Installs the tarball, and what else the project names, with npm. */
export async function installWithNpm({ run }: Project, ...packages: string[]): Promise<void> {
  await run('npm', 'install', '--no-audit', '--no-fund', inject('tarball'), ...packages)
}

/** An image to build: the demo, from a cache that is served over HTTP. */
export interface Demo {
  /** Arguments of the examples' programs, but for the folder where the image goes. */
  readonly args: readonly [cache: string, publicKey: string, toplevel: string]
  /** The same cache as a folder. */
  readonly folderUrl: string
  /** What the image has to be. */
  readonly sha256: string
}

/** Serves the demo for the time of a test. */
export async function serveDemo(): Promise<Demo> {
  const { url } = await serveCache(DEMO)
  const args = [url, readFileSync(join(DEMO, 'public-key'), 'utf8').trim(), join(DEMO, 'result')] as const
  const [cache, key, toplevel] = args
  const spec = { toplevel, source: { caches: [cache], trustedPublicKeys: [key] }, name: 'demo' }
  const { sha256 } = await build(spec, { cache: false }).toFolder(temporaryFolder())
  return { args, folderUrl: pathToFileURL(DEMO).href, sha256 }
}
