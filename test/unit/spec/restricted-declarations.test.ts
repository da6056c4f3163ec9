import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { build } from '../../../src/image/index.ts'
import { define, type ImageDeclaration } from '../../../src/spec/index.ts'
import { createRestriction } from '../../../src/spec/restriction.ts'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

const TOPLEVEL = '/nix/store/00000000000000000000000000000000-x'
const closure = { toplevel: TOPLEVEL }
const SERVER = 'https://cache.example.org'

const DIGEST = '00000000000000000000000000000001'

/** A cache with one store path, of 1 byte, whose NAR is at `url`. */
function writeNarInfo(cache: string, url: string) {
  const hash = `sha256:${'0'.repeat(52)}`
  const lines = [
    `StorePath: /nix/store/${DIGEST}-x`,
    `URL: ${url}`,
    'Compression: none',
    `FileHash: ${hash}`,
    `NarHash: ${hash}`,
    'NarSize: 1',
    'References: ',
  ]
  writeFileSync(join(cache, `${DIGEST}.narinfo`), `${lines.join('\n')}\n`)
  writeFileSync(join(cache, 'nix-cache-info'), 'StoreDir: /nix/store\n')
}

/** A folder `own`, and what lies beside it, to which symlinks in it lead. */
function createFolders() {
  const folder = realpathSync(temporaryFolder())
  const own = join(folder, 'own')
  mkdirSync(join(own, 'store/nix'), { recursive: true })
  mkdirSync(join(own, 'folder'))
  mkdirSync(join(folder, 'outside'))
  for (const file of ['own/file', 'outside/secret']) writeFileSync(join(folder, file), 'x')
  symlinkSync('../outside', join(own, 'link'))
  symlinkSync('../own', join(folder, 'outside/back'))
  symlinkSync(join(folder, 'outside'), join(own, 'store/nix/store'))
  symlinkSync(TOPLEVEL, join(own, 'result'))
  symlinkSync(own, join(folder, 'alias'))
  return { folder, own }
}

const restricted = (folder: string, declaration: object, restrict = join(folder, 'own'), servers?: string[]) => {
  const file = join(folder, 'own/image.yaml')
  writeFileSync(file, JSON.stringify(declaration))
  return define(file, { restrict: { folder: restrict, servers } })
}

const text = (file: string) => ({ closure, files: { '/a': { file } } })

const TAKEN: [what: string, declaration: ImageDeclaration][] = [
  ['a file', text('./file')],
  ['a file on a way around', text('link/../file')],
  ['a folder', { closure, overlays: { '/etc': { folder: './folder' } } }],
  ['a store path', { closure: { toplevel: TOPLEVEL, roots: [TOPLEVEL] } }],
  ['a symlink to one', { closure: { toplevel: './result' } }],
  ['a server that is named', { closure: { toplevel: TOPLEVEL, caches: [`${SERVER}:443/some/where`] } }],
  ['a cache in a folder', { closure: { toplevel: TOPLEVEL, caches: ['file:///OWN/folder'] } }],
  ['a key', { closure, signing: { keyFile: './file', passphraseFile: './file' } }],
]

const REFUSED: [what: string, declaration: ImageDeclaration][] = [
  ['an absolute path', text('/etc/passwd')],
  ['a path that leads out', text('../outside/secret')],
  ['a symlink that leads out', text('link/secret')],
  ['what is not there, outside', text('link/none')],
  ['a folder with a name that begins alike', text('../own2')],
  ['a path from a variable', { ...text('${A}'), variables: { A: '/etc/passwd' } }],
  ['a folder', { closure, overlays: { '/etc': { folder: '..' } } }],
  ['contents of a unit', { closure, systemd: { units: { 'a.service': { file: 'link/secret' } } } }],
  ['contents of a snippet', { closure, systemd: { tmpfiles: { 'a.conf': { file: 'link/secret' } } } }],
  ['a toplevel elsewhere', { closure: { toplevel: '/nix/store/../../etc' } }],
  ['the whole store', { closure: { toplevel: '/nix/store' } }],
  ['a root elsewhere', { closure: { roots: ['link/secret'] } }],
  ['a store', { closure: { toplevel: TOPLEVEL, store: '/' } }],
  ['a store whose paths lie elsewhere', { closure: { toplevel: TOPLEVEL, store: './store' } }],
  ['an export', { closure: { exportFile: 'link/secret' } }],
  ['a NAR', { closure: { narFiles: { [TOPLEVEL]: 'link/secret' } } }],
  ['a closureInfo', { closure: { closureInfo: 'link' } }],
  ['a netrc', { closure: { toplevel: TOPLEVEL, netrcFile: '/etc/passwd' } }],
  ['a token', { closure: { toplevel: TOPLEVEL, caches: [SERVER], tokenFile: '/etc/passwd' } }],
  ['another server', { closure: { toplevel: TOPLEVEL, caches: ['https://cache.example.org.evil.example'] } }],
  ['another port', { closure: { toplevel: TOPLEVEL, caches: [`${SERVER}:444`] } }],
  ['another scheme', { closure: { toplevel: TOPLEVEL, caches: ['http://cache.example.org'] } }],
  ['a cache in a folder', { closure: { toplevel: TOPLEVEL, caches: ['file:///etc'] } }],
  ['a cache on another host', { closure: { toplevel: TOPLEVEL, caches: ['file://host/etc'] } }],
  ['a key', { closure, signing: { keyFile: 'link/secret' } }],
  ['a passphrase', { closure, signing: { keyFile: './file', passphraseFile: '/etc/passwd' } }],
  ['a key of gpg', { closure, signing: { gpg: 'me' } }],
]

describe('a restricted declaration', () => {
  it.each(TAKEN)('may name %s', async (_, declaration) => {
    const { folder, own } = createFolders()
    const written = JSON.parse(JSON.stringify(declaration).replace('/OWN', own))
    await restricted(folder, written, own, [`${SERVER}/`])
    await restricted(folder, written, join(folder, 'alias'), [`${SERVER}/`])
  })

  it.each(REFUSED)('may not name %s', async (_, declaration) => {
    const { folder } = createFolders()
    const refused = restricted(folder, declaration, undefined, [SERVER])
    await expect(refused).rejects.toMatchObject({
      code: 'DECLARATION_INVALID',
      message: expect.stringMatching(/this declaration may |names no file here/),
    })
  })

  it('names the file that was looked at, not a symlink that may lead elsewhere by now', async () => {
    const { folder, own } = createFolders()
    symlinkSync(own, join(folder, 'way'))
    const { checkFile } = createRestriction({ folder: own })
    expect(await checkFile(join(folder, 'way', 'a', 'file'))).toBe(join(own, 'a', 'file'))
  })

  it('says what leads where, and what to do', async () => {
    const { folder, own } = createFolders()
    await expect(restricted(folder, text('link/secret'))).rejects.toThrow(
      `files./a.file: this declaration may read only files below ${own}, not ${own}/link/secret, ` +
        `which leads to ${folder}/outside/secret; move it there`,
    )
  })

  it.each<[string, (folder: string, cache: string, server: string) => void]>([
    [
      'a narinfo that is a symlink',
      (folder, cache) => {
        writeNarInfo(cache, 'nar')
        rmSync(join(cache, `${DIGEST}.narinfo`))
        writeFileSync(join(folder, 'outside/netrc'), 'machine a login b password hunter2\n')
        symlinkSync('../../outside/netrc', join(cache, `${DIGEST}.narinfo`))
      },
    ],
    [
      'a cache info that is a symlink',
      (_, cache) => symlinkSync('../../outside/secret', join(cache, 'nix-cache-info')),
    ],
    ['the URL of another file', (folder, cache) => writeNarInfo(cache, `file://${folder}/outside/secret`)],
    ['a NAR on a way out', (_, cache) => writeNarInfo(cache, '../../outside/secret')],
    [
      'a NAR that is a symlink',
      (_, cache) => {
        writeNarInfo(cache, 'nar')
        symlinkSync('../../outside/secret', join(cache, 'nar'))
      },
    ],
    ['the URL of a server', (_, cache, server) => writeNarInfo(cache, server)],
  ])('has no file elsewhere read, and no server asked, by its cache in a folder: %s', async (_, plant) => {
    const { folder, own } = createFolders()
    const cache = join(own, 'cache')
    mkdirSync(cache)
    let requests = 0
    const server = createServer((_, response) => {
      requests++
      response.end()
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    plant(folder, cache, `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret`)
    const written = { toplevel: `/nix/store/${DIGEST}-x`, caches: [`file://${cache}`], requireSignatures: false }
    const spec = await restricted(folder, { closure: written })
    const failed = await build(spec, { cache: false, workers: 1 })
      .toFolder(join(folder, 'out'))
      .catch(error => error)
    expect(failed.message).toMatch(
      /it is not below .*\/own, which it has to be|leads to no place that a cache can have/,
    )
    expect(failed.message).not.toMatch(/hunter2|sha256:/)
    expect(requests).toBe(0)
  })

  it('has its cache in a folder read, and that of an option is nowhere restricted', async () => {
    const { folder, own } = createFolders()
    const demo = join(import.meta.dirname, '../../../fixtures/demo')
    cpSync(demo, join(own, 'demo'), { recursive: true, verbatimSymlinks: true })
    const trustedPublicKeys = [readFileSync(join(demo, 'public-key'), 'utf8').trim()]
    const toplevel = readlinkSync(join(demo, 'result'))
    const written = { toplevel, trustedPublicKeys, caches: [`file://${own}/demo`] }
    const spec = await restricted(folder, { closure: written }, join(folder, 'alias'))
    expect(spec.source).toMatchObject({ filesBelow: own })
    const built = await build(spec, { cache: false, workers: 1 }).toFolder(join(folder, 'out'))
    const options = ['--restrict', 'own', '--store', `file://${demo}`, '--no-cache', '--json', '--out', 'out2']
    const { stdout } = await runCommand(['build', 'own/image.yaml', ...options], { cwd: folder })
    expect(JSON.parse(stdout.toString()).sha256).toBe(built.sha256)
  })

  it('is what --restrict makes of one', async () => {
    const { folder, own } = createFolders()
    const caches = ['http://127.0.0.1:1/']
    writeFileSync(join(own, 'image.yaml'), JSON.stringify({ ...text('link/secret'), closure: { ...closure, caches } }))
    for (const command of ['build', 'publish']) {
      const options = ['--restrict', 'own', '--out', 'out', '--no-cache']
      const run = (...more: string[]) => runCommand([command, 'own/image.yaml', ...options, ...more], { cwd: folder })
      const { code, stderr } = await run()
      expect([code, stderr]).toEqual([1, expect.stringContaining('may read only files below')])
      expect(stderr).toContain('allow its server with --allow-server http://127.0.0.1:1')
      expect((await run('--allow-server', caches[0])).stderr).not.toContain('allow its server')
      expect(await run('--allow-server', 'localhost')).toMatchObject({ code: 2 })
    }
    const wrong = await runCommand(['build', 'own/image.yaml', '--allow-server', SERVER], { cwd: folder })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--allow-server: is for --restrict') })
  })
})
