import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generateKeyPair, type ImageSpec, type PublishOptions, publishImages } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

/** The spec of a small image. */
function specOf(name: string, more: Partial<ImageSpec> = {}): ImageSpec {
  const store = createChrootStore(temporaryFolder())
  store.add('a', { contents: 'a' })
  return { name, format: 'tar', source: store.source, nspawn: '[Exec]\nBoot=yes\n', ...more }
}

const publish = (folder: string, specs: readonly ImageSpec[], options: PublishOptions = {}) =>
  publishImages(specs, folder, { workers: 1, cache: false, ...options })

const about = (code: string, path: string, message: RegExp) => ({
  code,
  path,
  message: expect.stringMatching(message),
})

describe('publishImages warns of each lasting name that it takes away:', () => {
  it('the signatures, without a key', async () => {
    const folder = temporaryFolder()
    const keyFile = join(temporaryFolder(), 'secret.asc')
    writeFileSync(keyFile, (await generateKeyPair({ name: 'test' })).secretKey)
    const specs = [specOf('web')]
    expect((await publish(folder, specs, { version: '1', signing: { keyFile } })).warnings).toEqual([])
    const { isNew, warnings } = await publish(folder, specs, { version: '1' })
    expect(isNew).toBe(false)
    expect(warnings).toEqual(
      ['asc', 'gpg'].map(end =>
        about(
          'FILE_WITHDRAWN',
          `SHA256SUMS.${end}`,
          /is no longer there: .*refuse.* publish again with a key \(--sign-key/,
        ),
      ),
    )
    expect((await publish(folder, specs, { version: '1' })).warnings).toEqual([])
  })

  it('the transfers, without the URL of the folder', async () => {
    const folder = temporaryFolder()
    const specs = [specOf('web')]
    await publish(folder, specs, { version: '1', url: 'https://example.org' })
    const { isNew, warnings } = await publish(folder, specs, { version: '1' })
    expect(isNew).toBe(false)
    expect(warnings).toEqual([
      about('FILE_WITHDRAWN', 'web.transfer', /^web\.transfer: is no longer there: .* URL of the folder \(--url\)$/),
    ])
  })

  it('the settings of an image that has none any more', async () => {
    const folder = temporaryFolder()
    await publish(folder, [specOf('web')], { version: '1' })
    const { warnings } = await publish(folder, [specOf('web', { nspawn: undefined })], { version: '2' })
    expect(warnings).toEqual([about('FILE_WITHDRAWN', 'web.nspawn', /^web\.nspawn: is no longer there: .*settings/)])
  })

  it('the image file of another format', async () => {
    const folder = temporaryFolder()
    await publish(folder, [specOf('web')], { version: '1' })
    const { warnings } = await publish(folder, [specOf('web', { format: 'tar.gz' })], { version: '2' })
    expect(existsSync(join(folder, 'web.tar'))).toBe(false)
    expect(warnings).toEqual([about('IMAGE_WITHDRAWN', 'web.tar', /^web\.tar: is no longer there: .*web\.tar\.gz/)])
  })

  it('an image, with all of its files', async () => {
    const folder = temporaryFolder()
    await publish(folder, [specOf('web'), specOf('db')], { version: '1', url: 'https://example.org' })
    const { warnings } = await publish(folder, [specOf('web')], { version: '2', url: 'https://example.org' })
    expect(warnings).toEqual([about('IMAGE_WITHDRAWN', 'db', /^db: has no newest version any more/)])
  })
})

describe('publishImages warns of an image whose last version it removes', () => {
  it('for the number of versions to keep', async () => {
    const folder = temporaryFolder()
    const web = [specOf('web')]
    await publish(folder, [...web, specOf('db')], { version: '1', keep: 2 })
    expect((await publish(folder, web, { version: '2', keep: 2 })).warnings).toHaveLength(1)
    const { removed, warnings } = await publish(folder, web, { version: '3', keep: 2 })
    expect(removed).toEqual(['1'])
    expect(warnings).toEqual([about('IMAGE_WITHDRAWN', 'db', /^db: .* 1 .*removed.*the last .*publish all/)])
    expect((await publish(folder, web, { version: '4', keep: 2 })).warnings).toEqual([])
  })

  it('once, if it loses its lasting names at the same time', async () => {
    const folder = temporaryFolder()
    await publish(folder, [specOf('web'), specOf('db')], { version: '1' })
    const { warnings } = await publish(folder, [specOf('web')], { version: '2', keep: 1 })
    expect(warnings).toEqual([about('IMAGE_WITHDRAWN', 'db', /^db: .* 1 .*removed.*the last/)])
  })
})
