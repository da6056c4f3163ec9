import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import send from 'send'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { build } from '../../../src/index.ts'
import { type OpenedImage, type OpenOptions, openImage } from '../../../src/open/index.ts'
import { createSbom, diffImages, type ImageDiff, measureImage } from '../../../src/report/index.ts'
import { runCommand } from '../../command.ts'
import { bulk, createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

const programs = needs('python3')

/** A folder with two images, each beside its settings: `old/web.tar.xz` and `new/web.tar.xz`. */
let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-servers-'))
  for (const [name, version] of [
    ['old', '1.2'],
    ['new', '1.3'],
  ]) {
    const store = createNixosStore(join(folder, `${name}-store`))
    const tool = store.add(`tool-${version}`, { contents: version })
    const shared = store.add('shared', bulk(2))
    const spec = {
      ...{ source: store.source, toplevel: store.toplevel, roots: [tool, shared], name: 'web', level: 1 },
      nspawn: { Network: { VirtualEthernet: name === 'new' } },
    }
    await build(spec, { workers: 1, cache: false }).toFolder(join(folder, name))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Serves the folder with what static servers of Node are made with. With a password, nobody else is let in. */
async function serveRanges(password?: string): Promise<string> {
  const expected = password && `Basic ${Buffer.from(`me:${password}`).toString('base64')}`
  const server = createServer((request, response) => {
    if (expected && request.headers.authorization !== expected) response.writeHead(401).end()
    else send(request, new URL(request.url!, 'http://x').pathname, { root: folder }).pipe(response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Serves the folder with Python, which knows no ranges. */
async function serveWhole(): Promise<string> {
  const args = ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1', '--directory', folder]
  const child = spawn('python3', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = once(child, 'close')
  onTestFinished(async () => {
    child.kill()
    await closed
  })
  const text = String(await once(child.stdout, 'data'))
  return `http://127.0.0.1:${/port (\d+)/.exec(text)![1]}`
}

async function withImages<T>(
  base: string,
  options: OpenOptions,
  call: (old: OpenedImage, after: OpenedImage) => Promise<T>,
): Promise<T> {
  await using old = await openImage(`${base}/old/web.tar.xz`, options)
  await using after = await openImage(`${base}/new/web.tar.xz`, options)
  return await call(old, after)
}

/** All reports on both images, and the bytes that each took of the new one. */
async function reports(base: string, options: OpenOptions = {}) {
  const bytes: number[] = []
  const counting = <T>(call: (old: OpenedImage, after: OpenedImage) => Promise<T>) =>
    withImages(base, options, async (old, after) => {
      const result = await call(old, after)
      bytes.push(after.bytesRead)
      return result
    })
  const sizes = await counting((_, after) => measureImage(after))
  const sbom = await counting((_, after) => createSbom(after, { name: 'web' }))
  const diff = await counting(diffImages)
  return { bytes, sizes, sbom, diff: withoutBytes(diff) }
}

/** How many bytes are read depends on who delivers them. */
function withoutBytes({ old, new: after, ...rest }: ImageDiff) {
  return { old: { ...old, bytesRead: 0 }, new: { ...after, bytesRead: 0 }, ...rest }
}

describe.skipIf(programs.skip)(`images on a server${programs.because}`, () => {
  it.each<[string, false | undefined, () => Promise<string>]>([
    ['ranges', undefined, serveRanges],
    ['ranges', false, serveRanges],
    ['no ranges', undefined, serveWhole],
  ])('that knows %s are measured, listed and compared as on disk, with manifest %s', async (_, manifest, serve) => {
    const { bytes, ...found } = await reports(await serve(), { manifest })
    const { bytes: __, ...expected } = await reports(folder, { manifest })
    expect(found).toEqual(expected)
    expect(found.diff.packages.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['tool upgraded'])
    const { size } = found.diff.new
    // What the manifest tells is not read.
    if (serve === serveRanges && manifest !== false) expect(Math.max(...bytes)).toBeLessThan(size / 2)
  })

  it('without a manifest beside them are read themselves', async () => {
    const moved = ['old', 'new'].map(name => join(folder, name, 'web.manifest.json'))
    for (const file of moved) renameSync(file, `${file}.away`)
    onTestFinished(() => {
      for (const file of moved) renameSync(`${file}.away`, file)
    })
    const { bytes: _, ...found } = await reports(await serveRanges())
    const { bytes: __, ...expected } = await reports(folder, { manifest: false })
    expect(found).toEqual(expected)
  })

  it('that asks for a password are read with it, their manifests and settings, too', async () => {
    const base = await serveRanges('secret')
    await expect(openImage(`${base}/new/web.tar.xz`)).rejects.toMatchObject({ code: 'HTTP_STATUS', status: 401 })
    const netrcText = `machine 127.0.0.1 login me password secret\n`
    const { bytes: _, ...found } = await reports(base, { netrcText })
    const { bytes: __, ...expected } = await reports(folder)
    expect(found).toEqual(expected)
    const netrc = join(temporaryFolder(), 'netrc')
    writeFileSync(netrc, netrcText, { mode: 0o600 })
    const urls = [`${base}/old/web.tar.xz?a=b`, `${base}/new/web.tar.xz`]
    const { code, stdout } = await runCommand(['diff', '--netrc-file', netrc, '--json', ...urls])
    expect(code).toBe(1)
    expect(JSON.parse(stdout.toString()).settings.diff).toMatch(/^-VirtualEthernet=no\n\+VirtualEthernet=yes$/m)
  })

  it('are compared with one on disk, in settings if both have some', async () => {
    const base = await serveRanges()
    const { code, stdout } = await runCommand(['diff', join(folder, 'old/web.tar.xz'), `${base}/new/web.tar.xz`])
    expect(code).toBe(1)
    expect(stdout.toString()).toContain('\nSettings of systemd-nspawn:\n')
    renameSync(join(folder, 'new/web.nspawn'), join(folder, 'new/away.nspawn'))
    onTestFinished(() => renameSync(join(folder, 'new/away.nspawn'), join(folder, 'new/web.nspawn')))
    const none = await runCommand(['diff', join(folder, 'old/web.tar.xz'), `${base}/new/web.tar.xz`])
    expect([none.code, none.stderr]).toEqual([1, ''])
    expect(none.stdout.toString()).not.toContain('Settings')
  })
})
