import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../src/index.ts'
import { cli } from './support/cli.ts'
import { closureOf, type TestClosure } from './support/closures.ts'
import { execute } from './support/execute.ts'
import { expectHealthy, QUESTIONS } from './support/health.ts'
import { serveImages } from './support/image-server.ts'
import { boot, importImage, plant, pullImage, reportingUnit, systemdFolder } from './support/machines.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'
import { listStore, narHashes } from './support/store-listing.ts'

const container = needsRoot(...CLOSURE_PROGRAMS, 'systemd-nspawn', 'chattr', 'xz', 'tar', 'sha256sum')

const SETTINGS = '[Exec]\nPrivateUsers=no\n\n[Network]\nVirtualEthernet=no\n'

describe.skipIf(container.skip)(`a machine${container.because}`, () => {
  let scratch: Scratch
  let closure: TestClosure
  let machines = ''
  /** Of the commands: an image as anyone would build it. */
  let published = ''
  /** Of the library: the same with a unit of its own. */
  let extended = ''

  beforeAll(async () => {
    expect(systemdFolder(), 'systemd-container is installed').toBeDefined()
    scratch = createScratch()
    // In memory: a disk may take minutes to remove the many files of machines.
    machines = scratch.mountTmpfs('machines', 'mode=755')
    closure = await closureOf('small')
    published = scratch.make('published')
    const settings = join(scratch.folder, 'settings.nspawn')
    writeFileSync(settings, SETTINGS)
    const name = ['--name', 'nixos', '--nspawn', settings]
    await cli(['build', '--toplevel', closure.link, '--level', '0', ...name, '--out', published])
    extended = join(scratch.folder, 'extended')
    const entries = reportingUnit(QUESTIONS)
    await build({ toplevel: closure.link, format: 'tar', name: 'nixos', nspawn: SETTINGS, entries }).toFolder(extended)
  })
  afterAll(() => scratch?.remove())

  describe('imported from .tar.xz', () => {
    let root = ''
    beforeAll(async () => {
      root = await importImage(join(published, 'nixos.tar.xz'), machines, 'imported')
    })

    it('has what systemd-nspawn looks for', async () => {
      expect(readdirSync(root).sort()).toEqual(['dev', 'etc', 'nix', 'nix-path-registration', 'proc', 'sbin', 'sys'])
      for (const folder of ['dev', 'proc', 'sys']) expect(readdirSync(join(root, folder))).toEqual([])
      expect(lstatSync(join(root, 'etc/os-release')).isFile()).toBe(true)
      expect(readFileSync(join(root, 'etc/os-release'), 'utf8')).toContain('ID=nixos')
      expect(readlinkSync(join(root, 'sbin/init'))).toBe('/nix/var/nix/profiles/system/init')
      expect(readlinkSync(join(root, 'nix/var/nix/profiles/system'))).toBe(closure.toplevel)
    })

    it('holds the store paths as the store does, down to modes and times', async () => {
      expect(storePathsIn(root)).toEqual(closure.paths)
      expect(await listStore(root, closure.paths)).toBe(await listStore('/', closure.paths))
    })

    it('boots to multi-user.target with a Nix database that verifies', async () => {
      plant(root, reportingUnit(QUESTIONS))
      await expectHealthy(await boot(root), closure)
    })
  })

  it('boots from a plain tar with a unit that came with the image', async () => {
    const root = await importImage(join(extended, 'nixos.tar'), machines, 'extended')
    await expectHealthy(await boot(root), closure)
  })

  it('is imported from .tar.gz', async () => {
    const folder = join(scratch.folder, 'gz')
    await cli(['build', '--toplevel', closure.link, '--format', 'tar.gz', '--level', '1', '--out', folder])
    const root = await importImage(join(folder, 'nixos-system-x86_64-linux.tar.gz'), machines, 'gz')
    expect(storePathsIn(root)).toEqual(closure.paths)
    expect(await narHashes(root, closure.paths)).toBe(await narHashes('/', closure.paths))
  })

  it('has checksums that sha256sum takes', async () => {
    const { stdout } = await execute('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: published })
    expect(stdout).toBe('nixos.manifest.json: OK\nnixos.nspawn: OK\nnixos.tar.xz: OK\n')
  })

  describe('pulled with --verify=checksum', () => {
    it('comes with its settings', async () => {
      using server = await serveImages(published)
      const folder = scratch.mountTmpfs('pulled', 'mode=755')
      const root = await pullImage(`${server.url}/nixos.tar.xz`, folder, 'pulled')
      expect(server.requested).toEqual(expect.arrayContaining(['SHA256SUMS', 'nixos.tar.xz', 'nixos.nspawn']))
      expect(storePathsIn(root)).toEqual(closure.paths)
      expect(readFileSync(join(folder, 'pulled.nspawn'), 'utf8')).toBe(SETTINGS)
    })

    // What counts here is not the size: an image of a single package.
    describe.each(['tar', 'tar.xz', 'tar.gz'] as const)('%s', format => {
      const image = `nixos.${format}`
      let folder = ''
      beforeAll(async () => {
        folder = join(scratch.folder, `single-${format}`)
        const roots = closure.paths.filter(path => path.includes('-busybox-static-'))
        await build({ roots, format, level: 1, name: 'nixos', nspawn: SETTINGS }).toFolder(folder)
      })

      it('is taken as it was built', async () => {
        using server = await serveImages(folder)
        const root = await pullImage(`${server.url}/${image}`, scratch.make(`taken-${format}`), 'taken')
        expect(storePathsIn(root)).toHaveLength(1)
      })

      // Nothing in a plain tar tells that the contents of a file changed: only the checksum does.
      it.each([
        [image, 100_000],
        ['nixos.nspawn', 10],
        // Of the settings: pull-tar looks for no manifest, whose line is the first.
        ['SHA256SUMS', `${'0'.repeat(64)}  nixos.manifest.json\n`.length + 10],
      ])('is refused with a byte of %s flipped', async (file, at) => {
        using server = await serveImages(folder, { file, at })
        const machines = scratch.make(`refused-${format}-${file}`)
        const pulled = pullImage(`${server.url}/${image}`, machines, 'refused')
        await expect(pulled).rejects.toThrow(file === image ? /exit code 1/ : /DOWNLOAD INVALID/)
        expect(readdirSync(machines).filter(name => name.startsWith('refused'))).toEqual([])
      })
    })
  })
})

function storePathsIn(root: string): string[] {
  return readdirSync(join(root, 'nix/store'))
    .filter(name => name !== '.links')
    .map(name => `/nix/store/${name}`)
    .sort()
}
