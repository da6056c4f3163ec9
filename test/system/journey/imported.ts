import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { FORMATS, type ImageFormat } from '../../../src/index.ts'
import { execute } from '../support/execute.ts'
import { guestOf, MACHINES } from '../support/guest.ts'
import { listStore, narHashes } from '../support/store-listing.ts'
import { HOME, IMPORT_PROGRAMS, type Site } from './site.ts'

/** The systemd that was the first to read a format. */
const SINCE: Partial<Record<ImageFormat, number>> = { 'tar.zst': 258 }

/** Images are imported from files, cloned, exported and removed. `built` stays. */
export function describeImported(site: () => Site, systemd: number): void {
  const rootOf = (name: string) => join(site().host.root, MACHINES, name)
  const copyToHost = (path: string, name: string) =>
    copyFileSync(join(site().images.folder, path), join(site().host.root, HOME, name))

  describe.each(Object.entries(IMPORT_PROGRAMS).filter(([, { since }]) => systemd >= since))(
    '%s import-tar',
    (program, { command }) => {
      it.each(FORMATS)('%s', async format => {
        const { host, images } = site()
        const name = `small-${program}-${format.replace('.', '-')}`
        copyToHost(`${format}/nixos.${format}`, `small.${format}`)
        const imported = host.run(command[0], ...command.slice(1), 'import-tar', `${HOME}/small.${format}`, name)
        if (systemd < (SINCE[format] ?? 0)) {
          await expect(imported).rejects.toThrow('exit code 1')
          expect(site().importedFiles()).not.toContain(name)
          return
        }
        await imported
        const paths = [images.smallPath]
        expect(await narHashes(rootOf(name), paths)).toBe(await narHashes('/', paths))
        expect(await listStore(rootOf(name), paths)).toBe(await listStore('/', paths))
        await host.run('machinectl', 'remove', name)
      })
    },
  )

  describe('a machine that was imported from what was built', () => {
    beforeAll(() => copyToHost('nixos.tar.xz', 'nixos.tar.xz'))

    it('holds the store paths as the store does, down to modes and times', async () => {
      await site().host.run('machinectl', 'import-tar', `${HOME}/nixos.tar.xz`, 'built')
      expect(site().importedFiles()).toContain('built')
      const { paths } = site().images.closure
      expect(await listStore(rootOf('built'), paths)).toBe(await listStore('/', paths))
    })

    it('is cloned, and the clone starts', async () => {
      await site().host.run('machinectl', 'clone', 'built', 'copy')
      const copy = guestOf(site().host, 'copy')
      expect(await copy.start()).toMatchObject({ state: 'running' })
      await copy.powerOff()
    })

    it('is exported with the names that were in the image', async () => {
      await site().host.run('machinectl', 'export-tar', '--format=uncompressed', 'built', `${HOME}/exported.tar`)
      expect(await namesIn('exported.tar')).toEqual(await namesIn('nixos.tar.xz'))
    })

    it('has a clone that is removed', async () => {
      await site().host.run('machinectl', 'remove', 'copy')
      expect(site().importedFiles()).not.toContain('copy')
    })
  })

  /** The names in a tar that the host has, as GNU tar lists them. */
  async function namesIn(name: string): Promise<string[]> {
    const { stdout } = await execute('tar', ['--list', '--file', join(site().host.root, HOME, name)])
    const names = stdout.split('\n').map(each => each.replace(/^\.\//, ''))
    return names.filter(Boolean).sort()
  }
}
