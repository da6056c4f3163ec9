import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pullLines } from '../../../src/serve/index.ts'
import { folderOf } from './folders.ts'

const URL_OF = 'http://127.0.0.1:8080'
const sums = (...files: string[]) => files.map(file => `${'0f'.repeat(32)}  ${file}\n`).join('')

describe('pullLines', () => {
  it('pulls each image, in the order of the bytes', async () => {
    const images = [
      'b.tar',
      'a.tar.xz',
      'c.tar.gz',
      'd.tar.bz2',
      'e.tar.zst',
      'k.tgz',
      'nixos-x86_64.tar.xz',
      '.f.tar.xz',
    ]
    const others = ['g.tar.lz', 'h.txt', 'i.tar.xz.part', 'j.nspawn', 'tar.xz']
    const folder = folderOf({
      ...Object.fromEntries([...images, ...others].map(name => [name, ''])),
      ...{ 'folder.tar/file': '', 'out.tar': { link: '/etc/passwd' }, 'linked.tar': { link: 'b.tar' } },
    })
    expect(await pullLines(URL_OF, folder)).toEqual(
      [
        ...['a.tar.xz a', 'b.tar b', 'c.tar.gz c', 'd.tar.bz2 d', 'e.tar.zst e', 'k.tgz k', 'linked.tar linked'],
        'nixos-x86_64.tar.xz nixos-x86-64',
      ].map(end => `machinectl pull-tar --verify=no ${URL_OF}/${end}`),
    )
  })

  it('waits for no pipe in place of checksums', async () => {
    const folder = folderOf({ 'web.tar.xz': '' })
    execFileSync('mkfifo', [`${folder}/SHA256SUMS`])
    expect(await pullLines(URL_OF, folder)).toEqual([`machinectl pull-tar --verify=no ${URL_OF}/web.tar.xz web`])
  })

  it.each([
    ['no checksums', {}, 'no'],
    ['checksums', { SHA256SUMS: sums('db.tar.xz', 'web.tar.xz') }, 'checksum'],
    ['checksums of binary files', { SHA256SUMS: sums('*web.tar.xz').replace('  *', ' *') }, 'checksum'],
    ['checksums of others', { SHA256SUMS: sums('web.tar', 'my-web.tar.xz', 'web.tar.xz.nar') }, 'no'],
    ['checksums in capitals, which systemd does not take', { SHA256SUMS: sums('web.tar.xz').toUpperCase() }, 'no'],
    ['a last line without an end', { SHA256SUMS: sums('web.tar.xz').trimEnd() }, 'no'],
    ['settings, too', { SHA256SUMS: sums('web.nspawn', 'web.tar.xz'), 'web.nspawn': '' }, 'checksum'],
    ['settings that are not listed', { SHA256SUMS: sums('web.tar.xz'), 'web.nspawn': '' }, 'no'],
    ['a signature', { SHA256SUMS: sums('web.tar.xz'), 'SHA256SUMS.gpg': '' }, 'signature'],
    ['a signature for others', { SHA256SUMS: sums('db.tar.xz'), 'SHA256SUMS.gpg': '' }, 'no'],
    ['a signature of nothing', { 'SHA256SUMS.gpg': '' }, 'no'],
  ])('asks for the verification that there is: %s', async (_, contents, verify) => {
    const folder = folderOf({ 'web.tar.xz': '', ...contents })
    expect(await pullLines(URL_OF, folder)).toEqual([`machinectl pull-tar --verify=${verify} ${URL_OF}/web.tar.xz web`])
  })

  it('names a file as checksums do, where a URL may', async () => {
    const folder = folderOf({ 'web+1.tar.xz': '', 'a b.tar.xz': '', SHA256SUMS: sums('web+1.tar.xz', 'a b.tar.xz') })
    expect(await pullLines(URL_OF, folder)).toEqual([
      `machinectl pull-tar --verify=no ${URL_OF}/a%20b.tar.xz 'a b'`,
      `machinectl pull-tar --verify=checksum ${URL_OF}/web+1.tar.xz web+1`,
    ])
  })

  it('pulls the newest version alone where there are names that stay', async () => {
    const folder = folderOf({
      ...{ 'web_1.tar.xz': '', 'web_2.tar.xz': '', 'web_x86.tar.gz': '', 'db_1.tar.xz': '', 'db.tar.xz': '' },
      ...{ 'web.tar.xz': { link: '.latest/web.tar.xz' }, '.latest': { link: '.published-2' } },
      '.published-2/web.tar.xz': { link: '../web_2.tar.xz' },
    })
    const files = (await pullLines(URL_OF, folder)).map(line => line.split('/').at(-1))
    expect(files).toEqual(['db.tar.xz db', 'db_1.tar.xz db-1', 'web.tar.xz web'])
  })

  it('is what a shell takes for five words', async () => {
    const name = fc.string({ unit: fc.constantFrom(...`ab-.'"\\ $*?[]!~;&|<>(){}\`#%é\n`), minLength: 1, maxLength: 9 })
    const host = fc.constantFrom('127.0.0.1', '[::1]')
    await fc.assert(
      fc.asyncProperty(name, host, async (name, host) => {
        fc.pre(!name.startsWith('.'))
        const [line] = await pullLines(`http://${host}:8080`, folderOf({ [`${name}.tar`]: '' }))
        const words = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${line}`])
          .toString()
          .split('\0')
          .slice(0, -1)
        const address = words[3]
        expect(words).toEqual(['machinectl', 'pull-tar', '--verify=no', address, name])
        expect(address).toMatch(/^[!-~]*$/)
        const { pathname, host: from } = new URL(address)
        expect([from, decodeURIComponent(pathname)]).toEqual([`${host}:8080`, `/${name}.tar`])
      }),
      { numRuns: 50 },
    )
  })
})
