import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { generateKeyPair, type ImageSpec, type PublishOptions, publishImages } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

/** Specs of two small images; `text` is what is in them. */
function specsOf(text: string): ImageSpec[] {
  const store = createChrootStore(temporaryFolder())
  store.add('a', { contents: 'a' })
  const spec = (name: string): ImageSpec => ({
    ...{ name, format: 'tar', source: store.source, nspawn: '[Exec]\nBoot=yes\n' },
    entries: [{ type: 'file', path: '/etc/text', contents: text }],
  })
  return [spec('web'), spec('db')]
}

const publishBoth = (folder: string, text: string, options: PublishOptions = {}) =>
  publishImages(specsOf(text), folder, { workers: 1, cache: false, ...options })

/** Publishes the first alone, which takes half the time. */
const publish = (folder: string, text: string, options: PublishOptions = {}) =>
  publishImages(specsOf(text).slice(0, 1), folder, { workers: 1, cache: false, ...options })

/** Versions are named by the day: it must not end meanwhile. */
function holdDate(): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
}

const visible = (folder: string) =>
  readdirSync(folder)
    .filter(name => name !== '.published-versions')
    .sort()

/** As `sha256sum --check` does it; starting that ten times a second takes the processors that publish. */
async function checkSums(folder: string): Promise<void> {
  for (const line of (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).split('\n').filter(Boolean)) {
    const [sum, file = ''] = line.split('  ')
    const found = createHash('sha256').update(await readFile(join(folder, file)))
    expect(found.digest('hex'), file).toBe(sum)
  }
}

describe('publishImages', () => {
  it('gives all images of a version one SHA256SUMS, and names that stay', async () => {
    const folder = join(temporaryFolder(), 'new')
    const { version, isNew, images } = await publishBoth(folder, 'one', { version: '1.0' })
    expect({ version, isNew, images }).toEqual({ version: '1.0', isNew: true, images: ['web.tar', 'db.tar'] })
    const files = ['SHA256SUMS', 'db.manifest.json', 'db.nspawn', 'db.tar']
    const all = [...files, ...files.slice(1).map(file => file.replace('db', 'web'))].sort()
    expect(visible(folder)).toEqual(['1.0', 'latest', ...all].sort())
    expect(visible(join(folder, '1.0'))).toEqual([...all, 'version.json'].sort())
    expect(readlinkSync(join(folder, 'latest'))).toBe('1.0')
    expect(readlinkSync(join(folder, 'web.tar'))).toBe('latest/web.tar')
    expect(execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder }).toString()).toBe(
      ['db', 'web'].flatMap(name => ['manifest.json', 'nspawn', 'tar'].map(end => `${name}.${end}: OK\n`)).join(''),
    )
  })

  it('leads all names to the next version at once, and keeps the one before', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    const before = readFileSync(join(folder, 'web.tar'))
    await publish(folder, 'two', { version: '2' })
    expect(readFileSync(join(folder, 'web.tar')).equals(before)).toBe(false)
    expect(readFileSync(join(folder, '1/web.tar')).equals(before)).toBe(true)
    execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder })
  })

  it('publishes nothing where nothing has changed', async () => {
    holdDate()
    const folder = temporaryFolder()
    const first = await publish(folder, 'one')
    expect(first.version).toMatch(/^\d{4}-\d\d-\d\d$/)
    const made = lstatSync(join(folder, first.version, 'web.tar')).mtimeMs
    expect(await publish(folder, 'one')).toMatchObject({ version: first.version, isNew: false })
    expect(lstatSync(join(folder, first.version, 'web.tar')).mtimeMs).toBe(made)
    expect(await publish(folder, 'two')).toMatchObject({ version: `${first.version}.2`, isNew: true })
    // As it was: there already, and so led to again.
    expect(await publish(folder, 'one')).toMatchObject({
      ...{ version: first.version, isNew: false, previous: `${first.version}.2` },
    })
    expect(readlinkSync(join(folder, 'latest'))).toBe(first.version)
  })

  it('keeps as many versions as it is told to, the newest of them', async () => {
    const folder = temporaryFolder()
    for (const version of ['z', 'y', 'x', 'w']) await publish(folder, version, { version, keep: 2 })
    expect(visible(folder).filter(name => name.length === 1)).toEqual(['w', 'x'])
    expect(readlinkSync(join(folder, 'latest'))).toBe('w')
  })

  it('never gives a name to other contents, whatever was pruned', async () => {
    holdDate()
    const folder = temporaryFolder()
    const names: string[] = []
    for (const text of ['one', 'two', 'three', 'one']) names.push((await publish(folder, text, { keep: 1 })).version)
    const [day] = names
    expect(names).toEqual([day, `${day}.2`, `${day}.3`, `${day}.4`])
    // Somebody else may have removed it, too.
    rmSync(join(folder, `${day}.4`), { recursive: true })
    expect((await publish(folder, 'two')).version).toBe(`${day}.5`)
    await expect(publish(folder, 'two', { version: `${day}.3` })).rejects.toMatchObject({
      code: 'VERSION_TAKEN',
      message: expect.stringContaining('.3: was published before, and removed, and a version never changes'),
    })
  })

  it('refuses a folder whose list of versions it cannot read', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, '.published-versions'))
    await expect(publish(folder, 'one')).rejects.toMatchObject({ code: 'IN_THE_WAY' })
    expect(visible(folder)).toEqual([])
  })

  it('leaves alone what it did not make', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'docs'))
    writeFileSync(join(folder, 'docs/a'), 'a')
    writeFileSync(join(folder, 'docs/version.json'), '{"version":0}')
    writeFileSync(join(folder, 'index.html'), 'x')
    for (const version of ['1', '2']) await publish(folder, version, { version, keep: 1 })
    expect(existsSync(join(folder, 'docs/a')) && existsSync(join(folder, 'index.html'))).toBe(true)
  })

  it('drops the names of images that are no longer published', async () => {
    const folder = temporaryFolder()
    await publishBoth(folder, 'one', { version: '1' })
    await publish(folder, 'one', { version: '2' })
    expect(visible(folder)).toEqual(['1', '2', 'SHA256SUMS', 'latest', 'web.manifest.json', 'web.nspawn', 'web.tar'])
  })

  it('signs for all images, the same each time', async () => {
    const folder = temporaryFolder()
    const keyFile = join(temporaryFolder(), 'secret.asc')
    writeFileSync(keyFile, (await generateKeyPair({ name: 'test' })).secretKey)
    const unsigned = await publishBoth(folder, 'one')
    const signed = await publishBoth(folder, 'one', { signing: { keyFile } })
    expect(signed).toMatchObject({ isNew: true, isSigned: true })
    expect(signed.version).not.toBe(unsigned.version)
    expect(await publishBoth(folder, 'one', { signing: { keyFile } })).toMatchObject({
      version: signed.version,
      isNew: false,
    })
    expect(visible(folder)).toEqual(expect.arrayContaining(['SHA256SUMS.asc', 'SHA256SUMS.gpg']))
  })

  it('is as it was when an image cannot be built', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    const before = visible(folder)
    const [web = {}] = specsOf('two')
    const broken = publishImages([web, { ...web, name: 'a b' }], folder, { workers: 1, cache: false })
    await expect(broken).rejects.toMatchObject({ code: 'IMAGE_NAME_INVALID' })
    expect(visible(folder)).toEqual(before)
    expect(visible(folder).filter(name => name.startsWith('.'))).toEqual([])
  })

  it('goes on after a crash before the names were led to the new version', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    await publish(folder, 'two', { version: '2' })
    for (const name of visible(folder)) if (name !== '1' && name !== '2') rmSync(join(folder, name))
    expect(await publish(folder, 'two', { version: '2' })).toMatchObject({ version: '2', isNew: false })
    execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder })
  })

  it.each<[string, PublishOptions, string]>([
    ['a version that holds something else', { version: '1' }, 'VERSION_TAKEN'],
    ['a version that is a path', { version: '../1' }, 'VERSION_INVALID'],
    ['the version latest', { version: 'latest' }, 'VERSION_INVALID'],
    ['a version named as a file', { version: 'SHA256SUMS' }, 'VERSION_INVALID'],
  ])('refuses %s', async (_, options, code) => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    await expect(publish(folder, 'two', options)).rejects.toMatchObject({ code })
    expect(readlinkSync(join(folder, 'latest'))).toBe('1')
  })

  it('refuses a folder into which images were built', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'web.tar'), 'x')
    await expect(publish(folder, 'one')).rejects.toMatchObject({ code: 'IN_THE_WAY' })
    expect(visible(folder)).toEqual(['web.tar'])
  })

  it('refuses two images of one name', async () => {
    const [web = {}] = specsOf('one')
    const published = publishImages([web, web], temporaryFolder(), { workers: 1, cache: false })
    await expect(published).rejects.toMatchObject({ code: 'NAME_TWICE' })
  })

  it('warns of checksums that another program has left', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'web.tar.sha256'), 'x')
    const { warnings } = await publishBoth(folder, 'one')
    const message = expect.stringContaining('web.tar.sha256: ')
    const about = { code: 'DELIVERY_UNFIT', path: 'web.tar.sha256', message }
    expect(warnings).toEqual([about, about])
  })

  it('never shows a mixture to those who read meanwhile', async () => {
    const folder = temporaryFolder()
    await publish(folder, '0', { version: 'v0' })
    let isOver = false
    const seen = new Set<string>()
    const reading = (async () => {
      while (!isOver) {
        // One look at the names, as a web server takes one for a request: then all is of one version.
        const version = readlinkSync(join(folder, 'latest'))
        await checkSums(join(folder, version))
        seen.add(version)
        // Who never pauses takes the processors that publish.
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    })()
    for (let n = 1; n < 6; n++) await publish(folder, `${n}`, { version: `v${n}`, keep: 2 })
    isOver = true
    await reading
    expect(seen.size).toBeGreaterThan(1)
  })
})
