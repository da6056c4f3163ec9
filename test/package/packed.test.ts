import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
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
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', private: true }))
    run('npm', 'install', '--no-audit', '--no-fund', inject('tarball'))
    cpSync(join(import.meta.dirname, 'consumer'), folder, { recursive: true })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  describe.each(['5.7', '7.0'])('has types for TypeScript %s', version => {
    const compiler = join(folder, `typescript-${version}`)
    const tsc = (project: string) => {
      const { status, stdout } = spawnSync(
        process.execPath,
        [join(compiler, 'node_modules/typescript/bin/tsc'), '-p', project],
        { cwd: folder, encoding: 'utf8' },
      )
      return { status, stdout }
    }

    beforeAll(() => {
      run('npm', 'install', '--no-audit', '--no-fund', '--no-save', '--prefix', compiler, `typescript@${version}`)
    })

    it('that a strict program for Node compiles against', () => {
      for (const name of ['@types', 'undici-types']) {
        cpSync(join(checkout, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true })
      }
      expect(tsc('.')).toEqual({ status: 0, stdout: '' })
    })

    it('that a page compiles against, which knows nothing of Node', () => {
      expect(tsc('tsconfig.page.json')).toEqual({ status: 0, stdout: '' })
    })
  })

  /** `name: documentation` of the fields of all types. */
  const fieldsInTypes = () => {
    const types = join(folder, 'node_modules/nspawn-rootfs/dist/types')
    const files = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.d.ts'))
    const text = files.map(file => readFileSync(join(types, file), 'utf8')).join('')
    const fields = text.matchAll(/\/\*\* (.*) \*\/\n\s+(?:readonly )?(\w+)\??:/g)
    return new Set([...fields].map(([, text, name]) => `${name}: ${text}`))
  }

  it('shows the documentation of every field of a declaration', () => {
    const schema = readFileSync(join(folder, 'node_modules/nspawn-rootfs/dist/image.schema.json'), 'utf8')
    const fields = [...fieldsOf(JSON.parse(schema))]
    expect(fields.length).toBeGreaterThan(120)
    expect(fields.filter(field => !fieldsInTypes().has(field))).toEqual([])
  })

  it('has a schema of the manifests that it writes, with the documentation of every field', () => {
    const script = `import schema from 'nspawn-rootfs/manifest.schema.json' with { type: 'json' }
      import { manifestJsonSchema } from 'nspawn-rootfs'
      import { deepStrictEqual } from 'node:assert'
      deepStrictEqual(schema, manifestJsonSchema())
      console.log(JSON.stringify(schema))`
    const schema = run(process.execPath, '--input-type=module', '--eval', script)
    const fields = [...fieldsOf(JSON.parse(schema))]
    expect(fields.length).toBeGreaterThan(20)
    expect(fields.filter(field => !fieldsInTypes().has(field))).toEqual([])
  })

  it('rejects, by name, what builds without the file of its threads', () => {
    const script = `
      import { renameSync } from 'node:fs'
      import { build, ThreadError } from 'nspawn-rootfs'
      const spec = { toplevel: '${demo}/result', source: { caches: ['${pathToFileURL(demo).href}'], requireSignatures: false } }
      process.on('uncaughtException', error => console.log('uncaught', error))
      for (const format of ['tar.xz', 'tar']) {
        const building = build({ ...spec, format }, { cache: false, ...OPTIONS }).toFolder('out')
        await building.catch(error => console.log(error instanceof ThreadError, error.code ?? error))
      }
    `
    const worker = join(folder, 'node_modules/nspawn-rootfs/dist/worker.js')
    const build = (options: string) =>
      run(process.execPath, '--input-type=module', '-e', script.replace('OPTIONS', options))
    const told = 'true THREAD_UNLOADABLE\n'.repeat(2)
    renameSync(worker, `${worker}.away`)
    try {
      expect(build('{}')).toBe(told)
    } finally {
      renameSync(`${worker}.away`, worker)
    }
    expect(build(`{ workerUrl: './nowhere.js' }`)).toBe(told)
    expect(build(`{ workerUrl: new URL('file:///nowhere.js') }`)).toBe(told)
    expect(build(`{ workerUrl: 'data:text/javascript,import "nowhere"' }`)).toBe(told)
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
    expect(files).not.toMatch(/\.map$/m)
    const entries = ['index', 'nix', 'open', 'report', 'tar', 'worker', 'xz'].map(
      name => `package/dist/types/${name}.d.ts`,
    )
    const types = files.split('\n').filter(file => file.endsWith('.d.ts') && !file.includes('/shared/'))
    expect(types.sort()).toEqual(entries)
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

interface Schema {
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
}

/** `name: description` of all fields of a JSON schema. */
function* fieldsOf({ properties = {}, additionalProperties, anyOf = [], items }: Schema): Generator<string> {
  for (const [name, field] of Object.entries(properties)) {
    yield `${name}: ${field.description}`
    yield* fieldsOf(field)
  }
  if (typeof additionalProperties === 'object') yield* fieldsOf(additionalProperties)
  for (const part of items ? [...anyOf, items] : anyOf) yield* fieldsOf(part)
}
