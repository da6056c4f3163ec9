import { afterAll, beforeAll, expect, it } from 'vitest'
import { createProject, installWithNpm, serveDemo } from './project.ts'

const project = createProject('commonjs', { DENO_DIR: '.deno', DENO_NO_UPDATE_CHECK: '1' })
beforeAll(() => installWithNpm(project, 'deno@2', 'bun@1'))
afterAll(project.remove)

// Where all elements of what is posted to a thread were looked at, Deno took minutes: longer than a test may take.
it('Deno builds the image that Node builds', async () => {
  const { args, sha256 } = await serveDemo()
  expect(await project.run('npx', 'deno', 'run', '--allow-all', 'main.cjs', ...args, 'image')).toBe(`${sha256}\n`)
})

// Bun 1.4 puts a module of its own in the place of undici, with agents that cannot send: no HTTP there.
it('Bun builds the image that Node builds, from a cache in a folder', async () => {
  const { args, folderUrl, sha256 } = await serveDemo()
  expect(await project.run('npx', 'bun', 'main.cjs', folderUrl, ...args.slice(1), 'image')).toBe(`${sha256}\n`)
})
