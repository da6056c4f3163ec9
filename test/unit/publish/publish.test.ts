import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { generateKeyPair, type ImageSpec, type PublishOptions, publishImages } from '../../../src/index.ts'
import { fixModes } from '../../../src/publish/state.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder, unprivilegedWhile } from '../../temporary.ts'

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
    .filter(name => !name.startsWith('.'))
    .sort()

/** The names of the files of an image in a version, or of those that stay. */
const filesOf = (name: string) => ['manifest.json', 'nspawn', 'tar'].map(end => `${name}.${end}`)

/** The versions of the image `web` that are in a folder. */
const versionsIn = (folder: string) => visible(folder).flatMap(name => /^web_(.*)\.tar$/.exec(name)?.[1] ?? [])

/** The modes of all files and folders that are published, whatever name leads to them. */
const modesIn = (folder: string) =>
  [folder, join(folder, '.latest')].flatMap(folder =>
    readdirSync(folder)
      .map(name => [name, statSync(join(folder, name))] as const)
      .map(([name, found]) => [name, (found.mode & 0o777).toString(8), found.isDirectory()] as const),
  )

const linesOf = (folder: string) => readFileSync(join(folder, 'SHA256SUMS'), 'utf8').split('\n').slice(0, -1)

/** As `sha256sum --check` does it; starting that ten times a second takes the processors that publish. */
async function checkSums(folder: string): Promise<string[]> {
  const files: string[] = []
  for (const line of (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).split('\n').filter(Boolean)) {
    const [sum, file = ''] = line.split('  ')
    const found = createHash('sha256').update(await readFile(join(folder, file)))
    expect(found.digest('hex'), file).toBe(sum)
    files.push(file)
  }
  return files
}

describe('publishImages', () => {
  it('gives all images of a version one SHA256SUMS, names that stay, and names of the version', async () => {
    const folder = join(temporaryFolder(), 'new')
    const { version, isNew, images } = await publishBoth(folder, 'one', { version: '1.0' })
    expect({ version, isNew, images }).toEqual({ version: '1.0', isNew: true, images: ['web.tar', 'db.tar'] })
    const files = ['db', 'db_1.0', 'web', 'web_1.0'].flatMap(filesOf)
    expect(visible(folder)).toEqual(['SHA256SUMS', ...files])
    expect(readlinkSync(join(folder, 'web.tar'))).toBe('.latest/web.tar')
    for (const file of files) {
      const isOfVersion = file.includes('_')
      expect(lstatSync(join(folder, file)).isFile(), file).toBe(isOfVersion)
      if (!isOfVersion) expect(realpathSync(join(folder, file))).toBe(join(folder, file.replace('.', '_1.0.')))
    }
    expect(execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder }).toString()).toBe(
      files.map(file => `${file}: OK\n`).join(''),
    )
  })

  it.each(['077', '000'])('lets others read all of it, and change nothing, with umask %s', async umask => {
    const folder = temporaryFolder()
    const { secretKey } = await generateKeyPair({ name: 'publisher' })
    const keyFile = join(temporaryFolder(), 'secret.asc')
    writeFileSync(keyFile, secretKey)
    const before = process.umask(Number.parseInt(umask, 8))
    try {
      await publish(folder, 'one', { version: '1', url: 'https://example.org', signing: { keyFile } })
      await publish(folder, 'two', { version: '2', url: 'https://example.org', signing: { keyFile } })
    } finally {
      process.umask(before)
    }
    const found = modesIn(folder)
    expect(found.map(([name]) => name)).toEqual(
      expect.arrayContaining(['web_1.tar', 'web_2.manifest.json', 'web_2.nspawn', 'web.transfer', 'SHA256SUMS.gpg']),
    )
    expect(found.filter(([, mode, isFolder]) => mode !== (isFolder ? '755' : '644'))).toEqual([])
  })

  it('lets others read what was published before and could be read by nobody else', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    await publish(folder, 'two', { version: '2' })
    const open = modesIn(folder)
    for (const { parentPath, name } of readdirSync(join(folder, '.latest'), { withFileTypes: true })) {
      chmodSync(join(parentPath, name), 0o600)
    }
    for (const name of versionsIn(folder).flatMap(version => filesOf(`web_${version}`))) {
      chmodSync(join(folder, name), 0o600)
    }
    chmodSync(join(folder, '.latest'), 0o700)
    expect((await publish(folder, 'two', { version: '2' })).isNew).toBe(false)
    expect(modesIn(folder)).toEqual(open)
    chmodSync(join(folder, 'web_1.tar'), 0o600)
    await publish(folder, 'three', { version: '3' })
    expect((statSync(join(folder, 'web_1.tar')).mode & 0o777).toString(8)).toBe('644')
  })

  it('leaves the modes that it may not change, and those of what symlinks lead to', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    for (const name of ['owned', 'other']) writeFileSync(join(folder, name), '', { mode: 0o600 })
    symlinkSync('other', join(folder, 'link'))
    await unprivilegedWhile(() => fixModes(folder, '.published-1', ['owned', 'missing', 'link']))
    await fixModes(folder, '.published-1', ['link'])
    expect((statSync(join(folder, 'other')).mode & 0o777).toString(8)).toBe('600')
  })

  it('leads all names to the next version at once, and keeps the one before', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    const before = readFileSync(join(folder, 'web.tar'))
    await publish(folder, 'two', { version: '2' })
    expect(readFileSync(join(folder, 'web.tar')).equals(before)).toBe(false)
    expect(readFileSync(join(folder, 'web_1.tar')).equals(before)).toBe(true)
    expect(await checkSums(folder)).toEqual(['web', 'web_1', 'web_2'].flatMap(filesOf))
  })

  it('publishes nothing where nothing has changed', async () => {
    holdDate()
    const folder = temporaryFolder()
    const first = await publish(folder, 'one')
    expect(first.version).toMatch(/^\d{4}-\d\d-\d\d$/)
    const stateOf = () => readdirSync(folder).map(name => [name, lstatSync(join(folder, name)).mtimeMs])
    const state = stateOf()
    expect(await publish(folder, 'one')).toMatchObject({ version: first.version, isNew: false })
    expect(stateOf()).toEqual(state)
    expect(await publish(folder, 'two')).toMatchObject({ version: `${first.version}.2`, isNew: true })
  })

  it('makes a new version of what was published before the newest, for nobody goes back', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    await publish(folder, 'two', { version: '2' })
    expect(await publish(folder, 'one', { version: '3' })).toMatchObject({ version: '3', isNew: true, previous: '2' })
    expect(readFileSync(join(folder, 'web_3.tar')).equals(readFileSync(join(folder, 'web_1.tar')))).toBe(true)
  })

  it('keeps as many versions as it is told to, the newest of them', async () => {
    const folder = temporaryFolder()
    for (const version of ['9', '10', '11', '12']) await publish(folder, version, { version, keep: 3 })
    expect(versionsIn(folder)).toEqual(['10', '11', '12'])
    expect(realpathSync(join(folder, 'web.tar'))).toBe(join(folder, 'web_12.tar'))
    // Also where there is no new version.
    expect(await publish(folder, '12', { keep: 2, version: '12' })).toMatchObject({ isNew: false, removed: ['10'] })
    expect(await checkSums(folder)).toEqual(['web', 'web_11', 'web_12'].flatMap(filesOf))
    expect(visible(folder)).toEqual(['SHA256SUMS', ...['web', 'web_11', 'web_12'].flatMap(filesOf)])
    expect(readdirSync(folder).filter(name => name.startsWith('.'))).toEqual([
      '.latest',
      '.published-4',
      '.published-5',
    ])
  })

  it('never gives a name to other contents, whatever was pruned', async () => {
    holdDate()
    const folder = temporaryFolder()
    const names: string[] = []
    for (const text of ['one', 'two', 'three', 'one']) names.push((await publish(folder, text, { keep: 1 })).version)
    const [day] = names
    expect(names).toEqual([day, `${day}.2`, `${day}.3`, `${day}.4`])
    // Somebody else may have removed it, too.
    rmSync(join(folder, `web_${day}.4.tar`))
    expect((await publish(folder, 'one')).version).toBe(`${day}.5`)
    expect(visible(folder)).toEqual(['SHA256SUMS', ...['web', `web_${day}.5`].flatMap(filesOf)])
    await checkSums(folder)
    await expect(publish(folder, 'two', { version: `${day}.3` })).rejects.toMatchObject({
      code: 'VERSION_OLDER',
      message: expect.stringContaining(`.3: sorts before ${day}.5`),
    })
  })

  it('counts the versions of a day by their numbers', async () => {
    holdDate()
    const folder = temporaryFolder()
    const { version: day } = await publish(folder, '1')
    await publish(folder, '9', { version: `${day}.9` })
    expect((await publish(folder, '10')).version).toBe(`${day}.10`)
    expect((await publish(folder, '11')).version).toBe(`${day}.11`)
  })

  it.each(['', '{"nspawnRootfsPublication":1,"versions":[{"version":"../x","images":[]}]}'])(
    'refuses a folder whose list of versions is not as it was: %s',
    async text => {
      const folder = temporaryFolder()
      await publish(folder, 'one', { version: '1' })
      const before = visible(folder)
      writeFileSync(join(folder, '.latest/publication.json'), text)
      await expect(publish(folder, 'two', { version: '2' })).rejects.toMatchObject({ code: 'IN_THE_WAY' })
      expect(visible(folder)).toEqual(before)
    },
  )

  it('believes no list of versions that others may write', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    chmodSync(join(folder, '.latest/publication.json'), 0o666)
    await expect(publish(folder, 'two', { version: '2' })).rejects.toMatchObject({ code: 'IN_THE_WAY' })
  })

  it('leaves alone what it did not make', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'docs'))
    writeFileSync(join(folder, 'docs/a'), 'a')
    const others = ['index.html', 'web_0.tar', 'web_old.nspawn', 'web.sha256']
    for (const name of others) writeFileSync(join(folder, name), 'x')
    for (const version of ['1', '2']) await publish(folder, version, { version, keep: 1 })
    for (const name of ['docs/a', ...others]) expect(existsSync(join(folder, name)), name).toBe(true)
    expect((await checkSums(folder)).sort()).toEqual(['web', 'web_2'].flatMap(filesOf))
  })

  it('drops the names of images that are no longer published', async () => {
    const folder = temporaryFolder()
    await publishBoth(folder, 'one', { version: '1' })
    await publish(folder, 'one', { version: '2' })
    expect(visible(folder)).toEqual(['SHA256SUMS', ...['db_1', 'web', 'web_1', 'web_2'].flatMap(filesOf)])
    await checkSums(folder)
  })

  it('signs for all images, the same each time', async () => {
    const folder = temporaryFolder()
    const keyFile = join(temporaryFolder(), 'secret.asc')
    writeFileSync(keyFile, (await generateKeyPair({ name: 'test' })).secretKey)
    const { version } = await publishBoth(folder, 'one')
    expect(visible(folder)).not.toContain('SHA256SUMS.gpg')
    // Who imported it has the images already: no new version.
    const signed = await publishBoth(folder, 'one', { signing: { keyFile } })
    expect(signed).toMatchObject({ version, isNew: false, isSigned: true })
    expect(visible(folder)).toEqual(expect.arrayContaining(['SHA256SUMS.asc', 'SHA256SUMS.gpg']))
    const state = readlinkSync(join(folder, '.latest'))
    expect(await publishBoth(folder, 'one', { signing: { keyFile } })).toMatchObject({ version, isNew: false })
    expect(readlinkSync(join(folder, '.latest'))).toBe(state)
    await publishBoth(folder, 'one')
    expect(visible(folder)).not.toContain('SHA256SUMS.gpg')
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

  it('goes on where somebody has removed all names that stay', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '1' })
    await publish(folder, 'two', { version: '2' })
    for (const name of [...filesOf('web'), 'SHA256SUMS', '.latest']) rmSync(join(folder, name))
    expect(await publish(folder, 'two', { version: '2' })).toMatchObject({ version: '2', isNew: false })
    expect(await checkSums(folder)).toEqual(['web', 'web_1', 'web_2'].flatMap(filesOf))
  })

  it('writes transfers for systemd-sysupdate that are signed for, too', async () => {
    const folder = temporaryFolder()
    const url = 'https://images.example.org/a%20b/'
    const { transfers } = await publishBoth(folder, 'one', { version: '1', url })
    expect(transfers).toEqual(['web.transfer', 'db.transfer'])
    const text = readFileSync(join(folder, 'web.transfer'), 'utf8')
    const settings = text.split('\n').filter(line => line.includes('=') && !line.startsWith('#'))
    expect(settings).toEqual([
      ...['Verify=yes', 'Type=url-tar', 'Path=https://images.example.org/a%%20b', 'MatchPattern=web_@v.tar'],
      ...['Type=subvolume', 'Path=/var/lib/machines', 'MatchPattern=web_@v'],
      ...['CurrentSymlink=/var/lib/machines/web', 'InstancesMax=2'],
    ])
    expect(await checkSums(folder)).toEqual(expect.arrayContaining(transfers.slice()))
    // They are of the folder and not of the version.
    expect(await publishBoth(folder, 'one')).toMatchObject({ version: '1', isNew: false, transfers: [] })
    expect(visible(folder).filter(name => name.endsWith('.transfer'))).toEqual([])
  })

  it.each([
    'images.example.org',
    'file:///srv',
    'https://user:secret@example.org',
    'https://example.org/?token=secret',
  ])('refuses the URL %s', async url => {
    const published = publish(temporaryFolder(), 'one', { url })
    await expect(published).rejects.toThrow(/^options\.url: give an http: or https: URL of a folder/)
    await expect(published).rejects.not.toThrow('secret')
  })

  it('refuses images of which one is named as a version of another', async () => {
    const folder = temporaryFolder()
    const [web = {}] = specsOf('one')
    const options = { workers: 1, cache: false } as const
    const both = publishImages([web, { ...web, name: 'web_db' }], folder, options)
    await expect(both).rejects.toMatchObject({ code: 'NAME_AMBIGUOUS' })
    expect(readdirSync(folder)).toEqual([])
    // As long as there is a version of the other.
    await publish(folder, 'one', { version: '1' })
    const alone = publishImages([{ ...web, name: 'web_db' }], folder, { ...options, version: '2' })
    await expect(alone).rejects.toMatchObject({ code: 'NAME_AMBIGUOUS' })
    await publishImages([{ ...web, name: 'web_db' }], folder, { ...options, version: '2', keep: 1 })
    expect(await checkSums(folder)).toEqual(['web_db', 'web_db_2'].flatMap(filesOf))
  })

  it.each<[string, PublishOptions, string]>([
    ['a version that holds something else', { version: '10' }, 'VERSION_TAKEN'],
    ['a version that is the same to systemd', { version: '010' }, 'VERSION_TAKEN'],
    ['a version that is older to systemd', { version: '9' }, 'VERSION_OLDER'],
    ['a version that is a path', { version: '../11' }, 'VERSION_INVALID'],
    ['a version with a slash', { version: '11/1' }, 'VERSION_INVALID'],
    ['a version that systemd-sysupdate does not take', { version: '11~1' }, 'VERSION_INVALID'],
    ['a version that has the end of an image', { version: '11.tar' }, 'VERSION_INVALID'],
  ])('refuses %s', async (_, options, code) => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '10' })
    const before = linesOf(folder)
    await expect(publish(folder, 'two', options)).rejects.toMatchObject({ code })
    expect(linesOf(folder)).toEqual(before)
    expect(versionsIn(folder)).toEqual(['10'])
  })

  it.each([
    ['.9.1', ['.9.1.1', '.9.1.2']],
    ['-rc', ['-rc.1', '-rc.2']],
    ['a', ['a.1', 'a.2']],
  ])('goes on after a version of today that ends with %s', async (end, ends) => {
    holdDate()
    const folder = temporaryFolder()
    const day = new Date().toISOString().slice(0, 10)
    await publish(folder, '0', { version: `${day}${end}` })
    for (const [i, end] of ends.entries()) {
      expect(await publish(folder, `${i + 1}`)).toMatchObject({ version: `${day}${end}`, isNew: true, warnings: [] })
    }
  })

  it.each([
    ['20990101', ['20990101.1', '20990101.2']],
    ['2099-01-01', ['2099-01-01.1', '2099-01-01.2']],
    ['2099-01-01.4', ['2099-01-01.5', '2099-01-01.6']],
    // The next name of somebody who names versions by the day is not taken.
    ['2099.01.01', ['2099.01.01.1', '2099.01.01.2']],
  ])('goes on after %s, which is newer than today, and warns of it', async (version, names) => {
    const folder = temporaryFolder()
    await publish(folder, '0', { version })
    for (const [i, name] of names.entries()) {
      const published = await publish(folder, `${i + 1}`)
      expect(published).toMatchObject({ version: name, isNew: true })
      expect(published.warnings).toEqual([
        {
          ...{ code: 'VERSION_AHEAD', path: name },
          message: expect.stringMatching(/: follows 2099.*, which is newer than the date of today, 20/),
        },
      ])
    }
    // No version is made: nothing to warn of.
    expect((await publish(folder, `${names.length}`)).warnings).toEqual([])
  })

  it('publishes nothing if the promise of the one who is told of an image rejects', async () => {
    const folder = temporaryFolder()
    const error = new Error('enough')
    await expect(publish(folder, 'one', { version: '1', onImage: () => Promise.reject(error) })).rejects.toBe(error)
    expect(existsSync(join(folder, 'SHA256SUMS'))).toBe(false)
  })

  it('refuses a name before it builds', async () => {
    const folder = temporaryFolder()
    await publish(folder, 'one', { version: '10' })
    const built: string[] = []
    const onImage = ({ name }: { name: string }) => void built.push(name)
    await expect(publish(folder, 'two', { version: '9', onImage })).rejects.toMatchObject({ code: 'VERSION_OLDER' })
    await expect(publish(folder, 'two', { version: '010', onImage })).rejects.toMatchObject({ code: 'VERSION_TAKEN' })
    expect(built).toEqual([])
  })

  it.each(['web.tar', 'web_1.tar'])('refuses a folder in which there is another %s', async file => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, file), 'x')
    await expect(publish(folder, 'one', { version: '1' })).rejects.toMatchObject({ code: 'IN_THE_WAY' })
    expect(readdirSync(folder)).toEqual([file])
  })

  it('names all that is in the way, and looks before it builds', async () => {
    const folder = temporaryFolder()
    const url = 'https://example.org'
    const taken = ['SHA256SUMS', 'web.manifest.json', 'web.nspawn', 'web.tar', 'web.transfer']
    for (const name of taken) writeFileSync(join(folder, name), 'x')
    const built: string[] = []
    const onImage = ({ name }: { name: string }) => void built.push(name)
    const message = `${folder}: ${taken.join(', ')}: are in the way of symlinks to the newest version; `
    await expect(publish(folder, 'one', { version: '1', url, onImage })).rejects.toMatchObject({
      ...{ code: 'IN_THE_WAY', path: folder },
      message: `${message}remove them or choose another folder`,
    })
    expect(built).toEqual([])
    expect(readdirSync(folder).sort()).toEqual(taken)
  })

  it('warns of an image that is published no more', async () => {
    const folder = temporaryFolder()
    expect((await publishBoth(folder, 'a')).warnings).toEqual([])
    const { warnings } = await publish(folder, 'b')
    expect(warnings).toEqual([
      { code: 'IMAGE_WITHDRAWN', path: 'db', message: expect.stringMatching(/^db: has no newest version any more/) },
    ])
    expect(visible(folder)).not.toContain('db.tar')
    expect((await publish(folder, 'c')).warnings).toEqual([])
  })

  it('gives the warnings of the builds, too', async () => {
    const [web = {}] = specsOf('one')
    const built: unknown[] = []
    const { warnings } = await publishImages([{ ...web, nspawn: '[Exec]\nBoot=yes\nNoSuch=1\n' }], temporaryFolder(), {
      ...{ workers: 1, cache: false, onImage: image => void built.push(...image.warnings) },
    })
    expect(warnings).toMatchObject([{ code: 'SETTINGS_IGNORED' }])
    expect(warnings).toEqual(built)
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

  it('warns of what cannot be read beside an image, for all is published then', async () => {
    const folder = temporaryFolder()
    const unreadable = join(folder, 'web.tar.sha256')
    mkdirSync(unreadable)
    const { images, warnings } = await publish(folder, 'one')
    expect(images).toEqual(['web.tar'])
    expect(linesOf(folder)).not.toEqual([])
    const start = `web.tar: is published, but it cannot be told whether pull-tar gets it: ${unreadable}: cannot be read: `
    expect(warnings).toMatchObject([
      { code: 'DELIVERY_UNFIT', path: 'web.tar', message: expect.stringContaining(start) },
    ])
  })

  it('never shows a mixture to those who read meanwhile', async () => {
    const folder = temporaryFolder()
    await publish(folder, '0', { version: 'v0' })
    let isOver = false
    const seen = new Set<string>()
    const reading = (async () => {
      while (!isOver) {
        // One look at the names, as a web server takes one for a request: then all is of one publication.
        const version = readlinkSync(join(folder, '.latest'))
        const lines = (await readFile(join(folder, version, 'SHA256SUMS'), 'utf8')).split('\n')
        const sum = createHash('sha256').update(await readFile(join(folder, version, 'web.tar')))
        expect(lines).toContain(`${sum.digest('hex')}  web.tar`)
        seen.add(version)
        // Who never pauses takes the processors that publish.
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    })()
    for (let n = 1; n < 6; n++) {
      await publish(folder, `${n}`, { version: `v${n}`, keep: 2 })
      await checkSums(folder)
    }
    isOver = true
    await reading
    expect(seen.size).toBeGreaterThan(1)
  })
})
