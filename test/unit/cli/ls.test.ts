import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../../src/index.ts'
import { MAIN, runCommand } from '../../command.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { END_OF_TAR, rawEntry, rawPax } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCommand(args)
  return { code, lines: stdout.toString().split('\n').slice(0, -1), stderr }
}

/** An image of a small system, beside its manifest. */
async function buildImage() {
  const folder = temporaryFolder()
  const store = createNixosStore(folder)
  const spec = { source: store.source, toplevel: store.toplevel, name: 'web', level: 0 }
  const { image } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
  return { image, toplevel: store.toplevel.slice(1), etc: store.etc.slice(1), folder }
}

describe('nspawn-rootfs ls', () => {
  it.each([[['--no-manifest']], [[]]])('finds what fits a pattern: %j', async flags => {
    const { image, toplevel, etc } = await buildImage()
    const list = (...args: string[]) => run('ls', ...flags, image, ...args)
    expect((await list('/n*')).lines).toEqual(['nix/', 'nix-path-registration'])
    expect((await list('/nix/store/*-nixos-system-*/n*')).lines).toEqual([`${toplevel}/nixos-version`])
    expect((await list('/nix/store/*-nixos-system-test')).lines).toEqual([`${toplevel}/`])
    expect((await list('-R', '/nix/store/*-nixos-system-test/sw')).lines).toEqual([
      `${toplevel}/sw/`,
      `${toplevel}/sw/bin/`,
      `${toplevel}/sw/bin/nix-store`,
    ])
    // A symlink on the way leads elsewhere, and names are those of the entries there.
    expect((await list(`/${toplevel}/etc/o*`)).lines).toEqual([`${etc}/etc/os-release`])
    expect(await list('/nothing/*')).toMatchObject({ code: 1, lines: [] })
    expect((await list('/nothing')).stderr).toBe(`nspawn-rootfs: ${image}: has nothing at /nothing\n`)
  })

  it('prints JSON', async () => {
    const { image, toplevel } = await buildImage()
    const { lines } = await run('ls', '--json', image, `/${toplevel}/etc/os-release`)
    expect(JSON.parse(lines.join('\n'))).toEqual([
      expect.objectContaining({ path: expect.stringMatching(/os-release$/), type: 'file', mode: 0o444, size: 9 }),
    ])
    const { lines: none } = await run('ls', '--json', image, '/dev')
    expect(JSON.parse(none.join('\n'))).toEqual([])
  })

  it('ends quietly when nobody reads on', async () => {
    const file = join(temporaryFolder(), 'many.tar')
    const entries = Array.from({ length: 20_000 }, (_, i) => rawEntry({ name: `${'n'.repeat(90)}${i}` }))
    writeFileSync(file, Buffer.concat([...entries, END_OF_TAR]))
    const line = `"$0" "$1" ls "$2" | head -n 1`
    const output = execFileSync('sh', ['-c', line, process.execPath, MAIN, file], { stdio: ['ignore', 'pipe', 'pipe'] })
    expect(output.toString()).toBe(`${'n'.repeat(90)}0\n`)
  })

  it('shows a time that no clock reaches, and extract sets one', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.tar')
    const entries = ['99999999999999', '-99999999999999'].map((mtime, i) => [
      rawPax({ mtime }),
      rawEntry({ name: `${i}` }),
    ])
    writeFileSync(file, Buffer.concat([...entries.flat(), END_OF_TAR]))
    const { lines } = await run('ls', '-l', file)
    expect(lines.map(line => line.replace(/^\S+ +\S+ +\d+ /, ''))).toEqual([
      expect.stringMatching(/^\+?275760-09-1\d \d\d:\d\d 0$/),
      expect.stringMatching(/^-271821-04-\d\d \d\d:\d\d 1$/),
    ])
    expect(await run('extract', file, '--to', join(folder, 'out'))).toMatchObject({ code: 0 })
  })

  it('shows what a terminal would obey', async () => {
    const file = join(temporaryFolder(), 'a.tar')
    writeFileSync(file, Buffer.concat([rawEntry({ name: 'a\x1b]52;c\x07\\\nb' }), END_OF_TAR]))
    expect((await run('ls', file)).lines).toEqual(['a\\x1b]52;c\\x07\\\\\\x0ab'])
  })

  it('refuses a manifest that is named and is not that of the image', async () => {
    const { image, folder } = await buildImage()
    const other = join(folder, 'other.json')
    const named = await run('ls', '--manifest', other, image)
    expect(named.stderr).toBe(`nspawn-rootfs: ${image}: ${other} is not there; build writes it beside the image\n`)
    writeFileSync(other, '{}')
    expect((await run('ls', '--manifest', other, image)).stderr).toContain('is not the manifest of this image')
  })
})

describe('nspawn-rootfs cat', () => {
  it('ends quietly when nobody reads on', async () => {
    const file = join(temporaryFolder(), 'large.tar')
    writeFileSync(file, Buffer.concat([rawEntry({ name: 'a', data: Buffer.alloc(10_000_000, 'a') }), END_OF_TAR]))
    const line = `"$0" "$1" cat "$2" /a 2>&1 | head -c 3; echo " \${PIPESTATUS[0]}"`
    const shell = spawnSync('bash', ['-c', line, process.execPath, MAIN, file], { encoding: 'utf8' })
    expect(shell.stdout).toBe('aaa 0\n')
  })

  it('prints files, one after the other', async () => {
    const { image, toplevel } = await buildImage()
    const { code, stdout } = await runCommand(['cat', image, '/etc/os-release', `${toplevel}/nixos-version`])
    expect([code, stdout.toString()]).toEqual([0, 'ID=nixos\n25.11'])
  })

  it('says what is no file, and what is not there', async () => {
    const { image } = await buildImage()
    expect(await run('cat', image, '/etc')).toMatchObject({
      code: 1,
      stderr: `nspawn-rootfs: ${image}: /etc is a directory, and has no contents\n`,
    })
    expect((await run('cat', image, '/none')).stderr).toBe(`nspawn-rootfs: ${image}: has nothing at /none\n`)
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'a'))
    expect((await run('cat', join(folder, 'a'), '/none')).stderr).toContain('cannot be read: it is a folder')
  })
})

describe('nspawn-rootfs extract', () => {
  it.each([['--no-manifest'], ['--same-owner']])('extracts what fits patterns: %s', async flag => {
    const { image, toplevel, etc, folder } = await buildImage()
    const to = join(folder, 'to')
    const paths = ['/nix/store/*-nixos-system-test/{n*,s*/**}', '/nix/store/*-etc/etc', '/dev']
    expect(await run('extract', flag, image, ...paths, '--to', to)).toMatchObject({ code: 0, stderr: '' })
    const files = execFileSync('find', ['.', '-type', 'f', '-printf', '%P\n'], { cwd: to })
    const expected = [`${etc}/etc/static/os-release`, `${toplevel}/nixos-version`, `${toplevel}/sw/bin/nix-store`]
    expect(files.toString().split('\n').sort()).toEqual(['', ...expected].sort())
    const none = await run('extract', flag, image, '/nix/store/*-none', '--to', join(folder, 'none'))
    expect(none.stderr).toBe(`nspawn-rootfs: ${image}: has nothing at /nix/store/*-none\n`)
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })

  it('takes a name with such characters for what it is', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'a.tar')
    const latin = rawEntry({ name: 'b/x', bytes: { 2: Buffer.from([0xff]) } })
    writeFileSync(file, Buffer.concat([rawEntry({ name: 'a*' }), rawEntry({ name: 'ab' }), latin, END_OF_TAR]))
    expect((await run('extract', file, 'a*', '--to', join(folder, 'one'))).lines).toEqual([
      `1 entries, 0 B, in ${join(folder, 'one')}`,
    ])
    expect((await run('extract', file, 'b/*', '--to', join(folder, 'two'))).stderr).toBe(
      `nspawn-rootfs: ${file}: has a name at b/* that is not UTF-8, b/\ufffd: give the directory that it is in\n`,
    )
  })
})
