import { afterAll, beforeAll, expect, it } from 'vitest'
import { createProject, installWithNpm, serveDemo } from './project.ts'

const project = createProject('commonjs', { DENO_DIR: '.deno', DENO_NO_UPDATE_CHECK: '1' })
beforeAll(() => installWithNpm(project, 'deno@2', 'bun@1'))
afterAll(project.remove)

// Where all elements of what is posted to a thread were looked at, Deno took minutes: longer than a test may take.
it.each([
  ['Deno', ['deno', 'run', '--allow-all']],
  ['Bun', ['bun']],
])('%s builds the image that Node builds', async (_name, [program, ...options]) => {
  const { args, sha256 } = await serveDemo()
  expect(await project.run('npx', program!, ...options, 'main.cjs', ...args, 'image')).toBe(`${sha256}\n`)
})
