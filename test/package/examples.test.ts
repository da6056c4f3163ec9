import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { needs } from '../programs.ts'

// The example programs, as somebody copies them beside the package that npm has installed.

const checkout = resolve(import.meta.dirname, '../..')
const demo = join(checkout, 'fixtures/demo')
const npm = needs('npm')

describe.skipIf(npm.skip)(`the examples${npm.because}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-examples-'))
  const declaration = join(folder, 'demo.yaml')
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') }
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

  beforeAll(() => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
    run('npm', 'install', '--no-audit', '--no-fund', inject('tarball'))
    for (const file of readdirSync(join(checkout, 'fixtures/examples')).filter(name => name.endsWith('.ts'))) {
      cpSync(join(checkout, 'fixtures/examples', file), join(folder, file))
    }
    const closure = {
      toplevel: join(demo, 'result'),
      caches: [pathToFileURL(demo).href],
      trustedPublicKeys: [readFileSync(join(demo, 'public-key'), 'utf8').trim()],
    }
    writeFileSync(declaration, JSON.stringify({ name: 'demo', closure }))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('compile', () => {
    for (const name of ['@types', 'undici-types']) {
      cpSync(join(checkout, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true })
    }
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, types: ['node'] }, include: ['*.ts'] }),
    )
    expect(run(process.execPath, join(checkout, 'node_modules/typescript/bin/tsc'), '-p', '.')).toBe('')
  })

  it('variants: the second is made of blocks of the first', () => {
    const [blue, green] = run(process.execPath, 'variants.ts', declaration, 'images').split('\n')
    expect(blue).toMatch(/blue\.tar\.xz: 0 of \d+ bytes/)
    expect(green).toMatch(/green\.tar\.xz: (\d+) of \1 bytes/)
  })

  it('reader: shows a file of an image', () => {
    run('node_modules/.bin/nspawn-rootfs', 'build', declaration, '--out', 'read')
    const text = run(process.execPath, 'reader.ts', 'read/demo.tar.xz')
    expect(text).toMatch(/^\d+ entries, 4 store paths$/m)
    expect(text).toMatch(/^PRETTY_NAME="nspawn-rootfs demo"$/m)
  })

  it('codecs: verify all NARs of a cache, in threads', () => {
    const lines = run(process.execPath, 'codecs.ts', demo).trim().split('\n')
    expect(lines).toHaveLength(4)
    expect(lines.filter(line => !line.endsWith(', right'))).toEqual([])
  })

  it('parallel: every format at a time', () => {
    const lines = run(process.execPath, 'parallel.ts', declaration, 'parallel').trim().split('\n')
    expect(lines.map(line => line.split(' ')[0])).toEqual(['tar.xz', 'tar', 'tar.gz', 'tar.zst'])
    for (const line of lines) {
      const [format, digest] = line.split(' ')
      expect(sha256(readFileSync(join(folder, 'parallel', format!, `demo.${format}`)))).toBe(digest)
    }
  })

  it('web service: serves what it builds, and says what is wrong', async () => {
    const server = spawn(process.execPath, ['web-service.ts', folder, '0'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]()
      const { value: url } = await lines.next()
      const image = new Uint8Array(await (await fetch(`${url}demo.tar.xz`)).arrayBuffer())
      expect((await lines.next()).value).toBe(`demo ${sha256(image)}`)
      const missing = await fetch(`${url}none.tar.xz`)
      expect([missing.status, await missing.text()]).toEqual([500, expect.stringMatching(/^DECLARATION_UNREADABLE: /)])
    } finally {
      server.kill()
    }
  })
})
