import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { createProject, installWithNpm, serveDemo } from './project.ts'

// The tests below change the program, one after the other.
const project = createProject('one-file')
beforeAll(() => installWithNpm(project))
afterAll(project.remove)

it('esbuild makes one file of a program, which builds without node_modules', async () => {
  const { args, sha256 } = await serveDemo()
  await project.run('npm', 'run', 'build')
  const elsewhere = temporaryFolder()
  const program = join(elsewhere, 'program.cjs')
  cpSync(join(project.folder, 'out/program.cjs'), program)
  expect(await project.run(process.execPath, program, ...args, join(elsewhere, 'image'))).toBe(`${sha256}\n`)
})

it('a bundle in CommonJS says that it needs workerUrl', async () => {
  const { args } = await serveDemo()
  writeFileSync(join(project.folder, 'main.js'), "import('./build-image.js').then(({ run }) => run())")
  await project.run('npm', 'run', 'build')
  const building = project.run(process.execPath, 'out/program.cjs', ...args, 'image')
  await expect(building).rejects.toThrow(/TypeError: workerUrl: needed in a CommonJS bundle/)
})

it('esbuild makes files of a program and its threads, side by side', async () => {
  const { args, sha256 } = await serveDemo()
  writeFileSync(join(project.folder, 'main.js'), "import { run } from './build-image.js'\nawait run()")
  const require = "import{createRequire as requireOf}from'node:module';const require=requireOf(import.meta.url);"
  const options = ['--bundle', '--platform=node', '--format=esm', `--banner:js=${require}`, '--outdir=out']
  const external = ['--external:@napi-rs/lzma', '--external:lz4-napi']
  await project.run('npx', 'esbuild', 'main.js', 'worker=nspawn-rootfs/worker', ...options, ...external)
  expect(await project.run(process.execPath, 'out/main.js', ...args, 'image')).toBe(`${sha256}\n`)
})

it('esbuild bundles the codecs for browsers, where they say what they say in Node', async () => {
  writeFileSync(join(project.folder, 'main.js'), PAGE)
  await project.run('npx', 'esbuild', 'main.js', '--bundle', '--platform=browser', '--format=iife', '--outfile=page.js')
  await project.run('npx', 'esbuild', 'main.js', '--bundle', '--platform=node', '--format=iife', '--outfile=node.cjs')
  const text = await project.run('cat', 'page.js')
  // What browsers have, and nothing of Node.
  const page = createContext({ atob, btoa, TextEncoder, TextDecoder, URL })
  runInContext(text, page)
  const told = JSON.parse(JSON.stringify(page.told))
  expect(told).toEqual(
    JSON.parse(await project.run(process.execPath, '-e', 'require("./node.cjs"); console.log(JSON.stringify(told))')),
  )
  expect(told).toMatchObject({ isSigned: true, check: 'crc64', header: 512 })
  expect(told.git).toMatch(/^[0-9a-f]{64}$/)
})

/** A script that uses the codecs, hashes and signatures among them. */
const PAGE = `
import { createGitHash, createModuloHash, isSignedBy, parseNarHash, parsePublicKey,
  parseSecretKey, parseStorePath, signPathInfo, storePathOfContentAddress, formatSha256Base16 } from 'nspawn-rootfs/nix'
import { encodeTarHeader } from 'nspawn-rootfs/tar'
import { createLzma2Encoder, decodeStreamHeader, encodeStreamHeader } from 'nspawn-rootfs/xz'

const secret = parseSecretKey('cache-1:Ydm6GalRx0hXDhepZ1H2OE+dN1OKqXZlAk4fFV9jf0p4fuoHrsjrhG5LG2U3Hx5H81ftpnZJIdNQzLunzKmjbA==')
const key = parsePublicKey('cache-1:eH7qB67I64RuSxtlNx8eR/NX7aZ2SSHTUMy7p8ypo2w=')
const path = parseStorePath('/nix/store/' + '0'.repeat(32) + '-hello')
const info = { path, narHash: parseNarHash('sha256:' + '0'.repeat(52)), narSize: 120, references: [path] }
const signature = signPathInfo(info, secret)
const hash = createModuloHash('sha256', path.digest)
hash.update(new TextEncoder().encode('a ' + path.path + ' and another ' + path.path))
const git = createGitHash('sha256')
for (const event of [{ type: 'directory' }, { type: 'entry', name: 'a' }, { type: 'symlink', target: 'b' }, { type: 'end-directory' }]) git.take(event)
globalThis.told = {
  signature,
  isSigned: isSignedBy({ ...info, signatures: [signature] }, [key]),
  modulo: hash.digests().map(formatSha256Base16),
  git: formatSha256Base16(git.digest()),
  fixed: storePathOfContentAddress('x', { method: 'flat', algorithm: 'sha512', digest: new Uint8Array(64) }, [], false).path,
  header: encodeTarHeader({ type: 'directory', path: 'etc', mode: 0o755 }).length,
  check: decodeStreamHeader(encodeStreamHeader({ check: 'crc64' })).check,
  encoded: [...createLzma2Encoder().encode(new Uint8Array(1000), 6)],
}
`
