import { expect, it } from 'vitest'
import { installWithNpm, serveDemo, temporaryProject } from './project.ts'

it.each(['jest', 'vitest'])('%s runs tests that build', async runner => {
  const { args, sha256 } = await serveDemo()
  const [CACHE, PUBLIC_KEY, TOPLEVEL] = args
  const project = temporaryProject(runner, { CACHE, PUBLIC_KEY, TOPLEVEL })
  await installWithNpm(project)
  const told = await project.run('npm', 'test')
  expect(told).toMatch(/Tests:? +2 passed/)
  expect(told).toContain(sha256)
})
