import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../programs.ts'

// The package as npm would publish it, installed in an empty folder and used by someone who has nothing else.

const checkout = resolve(import.meta.dirname, '../..')
const demo = join(checkout, 'fixtures/demo')
const npm = needs('npm')

describe.skipIf(npm.skip)(`the packed package${npm.because}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-package-'))
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const sha256 = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex')

  beforeAll(() => {
    const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: checkout,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [{ filename }] = JSON.parse(packed.slice(packed.lastIndexOf('\n[\n') + 1)) as [{ filename: string }]
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
    run('npm', 'install', '--no-audit', '--no-fund', `./${filename}`)
    for (const file of ['consumer.ts', 'tsconfig.json']) {
      cpSync(join(import.meta.dirname, 'consumer', file), join(folder, file))
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('has types that a strict consumer compiles against', () => {
    cpSync(join(checkout, 'node_modules/@types'), join(folder, 'node_modules/@types'), { recursive: true })
    cpSync(join(checkout, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'), { recursive: true })
    expect(run(process.execPath, join(checkout, 'node_modules/typescript/bin/tsc'), '-p', '.')).toBe('')
  })

  it('builds the demo through its API, the same image from a folder and from a stream', () => {
    const told = JSON.parse(run(process.execPath, 'consumer.ts', demo)) as { folder: string; stream: string }
    expect(told.stream).toBe(told.folder)
    expect(sha256('api/demo.tar.xz')).toBe(told.folder)
  })

  it('has a command that builds the same image', () => {
    const key = readFileSync(join(demo, 'public-key'), 'utf8').trim()
    const source = [
      '--store',
      pathToFileURL(demo).href,
      '--trusted-public-key',
      key,
      '--toplevel',
      join(demo, 'result'),
    ]
    run('node_modules/.bin/nspawn-rootfs', 'build', ...source, '--name', 'demo', '--out', 'command')
    expect(sha256('command/demo.tar.xz')).toBe(sha256('api/demo.tar.xz'))
  })

  it('holds nothing but what it needs', () => {
    const files = run('tar', '-tzf', JSON.parse(run('npm', 'query', '#nspawn-rootfs'))[0].resolved.replace('file:', ''))
    const others = files.split('\n').filter(file => file && !file.startsWith('package/dist/'))
    expect(others.sort()).toEqual(['package/LICENSE', 'package/README.md', 'package/package.json'])
  })

  it.each(['22.20'])('works on the oldest Node it names, %s', version => {
    const command = 'node --version && node consumer.ts "$0"'
    const told = run('npx', '-y', '-p', `node@${version}`, '-c', command.replace('$0', demo))
    expect(told).toMatch(/^v22\.20\./)
    expect(told).toContain('"folder"')
  })

  it('says what to do on an older Node', () => {
    const command = 'node node_modules/.bin/nspawn-rootfs --version 2>&1; echo "exit $?"'
    expect(run('npx', '-y', '-p', 'node@20', '-c', command)).toMatch(/needs Node \^22\.20.*node@24.*\nexit 1/s)
  })
})
