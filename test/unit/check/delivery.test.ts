import { hash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkDelivery } from '../../../src/check/index.ts'
import { temporaryFolder } from '../../temporary.ts'
import { brief } from './images.ts'

const NAME = 'web.tar.xz'
const IMAGE = 'an image'
const DIGEST = hash('sha256', IMAGE)
const LINE = `${DIGEST}  ${NAME}\n`

let folder = ''
const put = (files: Record<string, string>) => {
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
}
beforeEach(() => {
  folder = temporaryFolder()
  put({ [NAME]: IMAGE, SHA256SUMS: LINE, 'SHA256SUMS.gpg': '', 'SHA256SUMS.asc': '' })
})
const check = async () => (await checkDelivery(folder, NAME)).map(brief)

describe('a folder with an image', () => {
  it.each([
    ['a line', LINE, []],
    ['a line with an asterisk', `${DIGEST} *${NAME}\n`, []],
    ['other lines', `${'0'.repeat(64)}  other\nhello\n${LINE}`, []],
    ['one space', `${DIGEST} ${NAME}\n`, ['error checksums SHA256SUMS']],
    ['more than fits', `${LINE}${'x'.repeat(1024 * 1024)}\n`, ['error checksums SHA256SUMS']],
    ['no newline', LINE.trim(), ['error checksums SHA256SUMS']],
    ['upper case', `${DIGEST.toUpperCase()}  ${NAME}\n`, ['error checksums SHA256SUMS']],
    ['another digest', `${'0'.repeat(64)}  ${NAME}\n`, ['error checksums SHA256SUMS']],
    ['another name', `${DIGEST}  ${NAME}.old\n`, ['error checksums SHA256SUMS']],
    ['a path', `${DIGEST}  ./${NAME}\n`, ['error checksums SHA256SUMS']],
    ['line ends of another system', LINE.replace('\n', '\r\n'), ['error checksums SHA256SUMS']],
    ['nothing', '', ['error checksums SHA256SUMS', 'error checksums SHA256SUMS']],
  ])('has checksums with %s', async (_, text, expected) => {
    put({ SHA256SUMS: text })
    expect(await check()).toEqual(expected)
  })

  it('has a name that pull-tar looks for as its URL has it', async () => {
    put({ 'web+1.tar.xz': IMAGE, 'a b.tar.xz': IMAGE })
    put({ SHA256SUMS: `${DIGEST}  web+1.tar.xz\n${DIGEST}  a b.tar.xz\n` })
    expect(await checkDelivery(folder, 'web+1.tar.xz')).toEqual([])
    const [finding, ...others] = await checkDelivery(folder, 'a b.tar.xz')
    expect([finding.severity, finding.message, others]).toEqual([
      'error',
      expect.stringMatching(/has no line for a%20b\.tar\.xz, as a URL names a b\.tar\.xz/),
      [],
    ])
  })

  it('has a checksum of its own, with no line for the settings', async () => {
    put({ 'web.nspawn': '', [`${NAME}.sha256`]: `${DIGEST}  ${NAME}\n${hash('sha256', '')}  my-web.nspawn\n` })
    put({ SHA256SUMS: `${LINE}${hash('sha256', '')}  web.nspawn\n` })
    expect(await check()).toEqual(['warning sha256-file web.tar.xz.sha256', 'error sha256-file web.tar.xz.sha256'])
  })

  it('has settings that need a line, too', async () => {
    put({ 'web.nspawn': '[Exec]\n', 'other.nspawn': '' })
    expect(await check()).toEqual(['error checksums SHA256SUMS'])
    put({ SHA256SUMS: `${LINE}${hash('sha256', '[Exec]\n')}  web.nspawn\n` })
    expect(await check()).toEqual([])
  })

  it('has a manifest that needs no line, but none that is wrong', async () => {
    put({ 'web.manifest.json': '{}' })
    expect(await check()).toEqual([])
    put({ SHA256SUMS: `${LINE}${hash('sha256', '{}')}  web.manifest.json\n` })
    expect(await check()).toEqual([])
    put({ 'web.manifest.json': '[]' })
    expect(await check()).toEqual(['warning checksums SHA256SUMS'])
  })

  it('has a checksum of its own', async () => {
    put({ [`${NAME}.sha256`]: LINE })
    expect(await check()).toEqual([`warning sha256-file ${NAME}.sha256`])
    expect(await checkDelivery(folder, NAME, { systemd: 258 })).toEqual([])
    put({ 'web.nspawn': '[Exec]\n', SHA256SUMS: `${LINE}${hash('sha256', '[Exec]\n')}  web.nspawn\n` })
    expect(await check()).toEqual([`warning sha256-file ${NAME}.sha256`, `error sha256-file ${NAME}.sha256`])
    put({ [`${NAME}.sha256`]: `${LINE}${hash('sha256', '[Exec]\n')}  web.nspawn\n` })
    expect(await check()).toEqual([`warning sha256-file ${NAME}.sha256`])
  })

  it('may have any name', async () => {
    const name = '\u{142}.tar.xz'
    put({ [name]: IMAGE, [`${name}.sha256`]: '', SHA256SUMS: `${DIGEST}  %C5%82.tar.xz\n` })
    expect((await checkDelivery(folder, name)).map(brief)).toEqual([`warning sha256-file ${name}.sha256`])
    put({ SHA256SUMS: `${DIGEST}  ${name}\n` })
    expect((await checkDelivery(folder, name)).map(brief)).toContain('error checksums SHA256SUMS')
  })

  it('lacks something', async () => {
    rmSync(join(folder, 'SHA256SUMS.asc'))
    expect(await check()).toEqual([])
    rmSync(join(folder, 'SHA256SUMS.gpg'))
    expect(await check()).toEqual(['note signature SHA256SUMS'])
    put({ 'SHA256SUMS.asc': '' })
    expect(await check()).toEqual(['note signature SHA256SUMS.gpg'])
    rmSync(join(folder, 'SHA256SUMS'))
    expect(await check()).toEqual(['warning checksums SHA256SUMS', 'note signature SHA256SUMS.asc'])
  })

  it('may be missing', async () => {
    await expect(checkDelivery(join(folder, 'none'), NAME)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' })
  })

  it('may be no URL, whose password is not shown', async () => {
    await expect(checkDelivery('http://user:secret@[', NAME)).rejects.toMatchObject({
      code: 'IMAGE_UNREADABLE',
      message: 'http://[: cannot be read: it is no valid URL',
    })
  })
})
