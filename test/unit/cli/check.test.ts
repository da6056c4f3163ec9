import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { serveCache } from '../../binary-cache.ts'
import { runCommand } from '../../command.ts'
import { END_OF_TAR, rawEntry, rawPax } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'
import { elf } from '../check/images.ts'

/** A machine with an attribute that systemd cannot set from 259 on. */
const IMAGE = Buffer.concat([
  ...['etc', 'sbin', 'usr'].map(name => rawEntry({ name, type: '5' })),
  rawEntry({ name: 'etc/os-release' }),
  rawPax({ 'SCHILY.xattr.trusted.a': 'x' }),
  rawEntry({ name: 'sbin/init', data: elf(62), mode: 0o755 }),
  END_OF_TAR,
])

const check = async (...args: string[]) => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, 'a.tar'), IMAGE)
  const { code, stdout, stderr } = await runCommand(['check', 'a.tar', ...args], { cwd })
  return { code, stdout: stdout.toString(), stderr }
}

describe('nspawn-rootfs check URL', () => {
  it.each(['%ff.tar', '%zz.tar', '%41.tar'])('takes %s for a name', async name => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'a.tar'), IMAGE)
    const server = await serveCache(folder)
    const { code, stderr } = await runCommand(['check', `${server.url}/${name}`])
    expect([code, stderr.toString()]).toEqual([1, expect.stringMatching(/: the server has no such file/)])
  })
})

describe('nspawn-rootfs check --systemd', () => {
  it('tells which versions import an image', async () => {
    const { code, stdout } = await check()
    expect(code).toBe(1)
    expect(stdout).toContain('(systemd 259 and newer)')
    expect(stdout).toMatch(
      /\nsystemd 252 to 258 imports it\nsystemd 259 to 262 does not import it, or what it imports is broken\n$/,
    )
  })

  it.each([
    ['257', 0, /^systemd 257 imports it$/m],
    ['oldest', 0, /^systemd 252 imports it$/m],
    ['newest', 1, /^systemd 262 does not import it, or what it imports is broken$/m],
  ])('counts what concerns %s', async (version, expected, verdict) => {
    const { code, stdout } = await check('--systemd', version)
    expect(code).toBe(expected)
    expect(stdout).toMatch(verdict)
    expect(stdout.includes('error xattr')).toBe(expected === 1)
    const json = JSON.parse((await check('--systemd', version, '--json')).stdout)
    expect(json).toMatchObject({ fits: expected === 0, systemd: { oldest: json.systemd.newest } })
  })

  it.each(['251', '263', 'new'])('refuses %s', async version => {
    const { code, stderr } = await check('--systemd', version)
    expect(code).toBe(2)
    expect(stderr).toContain('252 to 262')
  })
})
