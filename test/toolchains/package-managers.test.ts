import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { serveDemo, temporaryProject } from './project.ts'

it('pnpm installs it so that it builds', async () => {
  const { args, sha256 } = await serveDemo()
  const project = temporaryProject('commonjs')
  await project.run('npx', '-y', 'pnpm@12', 'add', '--store-dir', '.store', inject('tarball'))
  expect(await project.run(process.execPath, 'main.cjs', ...args, 'image')).toBe(`${sha256}\n`)
})

it('Yarn packs it away, and it builds from there', async () => {
  const { args, sha256 } = await serveDemo()
  const project = temporaryProject('commonjs', { YARN_GLOBAL_FOLDER: '.global', YARN_ENABLE_TELEMETRY: '0' })
  // A project of its own, whatever lies in the folders above.
  writeFileSync(join(project.folder, 'yarn.lock'), '')
  const yarn = (...command: string[]) => project.run('npx', '-y', '-p', '@yarnpkg/cli-dist@4', 'yarn', ...command)
  await yarn('add', `nspawn-rootfs@file:${inject('tarball')}`)
  expect(await yarn('node', '-p', 'require.resolve("nspawn-rootfs")')).toMatch(/\.zip\/node_modules\/nspawn-rootfs\//)
  expect(await yarn('node', '--no-warnings', 'main.cjs', ...args, 'image')).toBe(`${sha256}\n`)
})
