import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { execute } from '../support/execute.ts'
import { listStore, narHashes } from '../support/store-listing.ts'
import { HOME, type Site } from './site.ts'

/** The systemd that was the first to import for a user, in a user namespace with a range of IDs. */
const SINCE = 259
const FIRST_ID = 524288
const MACHINES = '/var/lib/rootless'

/**
 * Images are imported without root. `importctl --user` has systemd-nsresourced make the user namespace, whose BPF program
 * no container may load: so `unshare` makes one of the same kind, and systemd-import runs there.
 */
export function describeRootless(site: () => Site, systemd: number): void {
  if (systemd < SINCE) return

  describe('systemd-import in a user namespace', () => {
    const inHost = (path: string) => join(site().host.root, path)
    const importTar = (file: string, name: string) =>
      site().host.run(
        ...(['unshare', '--user', '--map-root-user', '--map-auto'] as const),
        ...(['/usr/lib/systemd/systemd-import', '--sync=no'] as const),
        ...([`--image-root=${MACHINES}`, 'tar', `${HOME}/${file}`, name] as const),
      )

    beforeAll(() => {
      for (const file of ['subuid', 'subgid']) writeFileSync(inHost(`etc/${file}`), `root:${FIRST_ID}:65536\n`)
      mkdirSync(inHost(MACHINES))
    })

    it('takes our image', async () => {
      await importTar('nixos.tar.xz', 'rootless')
      const { paths } = site().images.closure
      const root = inHost(`${MACHINES}/rootless`)
      expect(await narHashes(root, paths)).toBe(await narHashes('/', paths))
      expect(await listStore(root, paths)).toBe(await listStore('/', paths))
    })

    it.each([
      ['a device', 'mknod odd/usr/null c 1 3'],
      ['a trusted attribute', 'echo > odd/usr/file; setfattr --name=trusted.overlay.opaque --value=y odd/usr/file'],
    ])('refuses an archive with %s', async (_, line) => {
      const pack = 'tar --create --file=odd.tar --format=pax --xattrs --xattrs-include="*" --directory=odd .'
      await execute('sh', ['-ec', `rm -rf odd; mkdir -p odd/usr; ${line}; ${pack}`], { cwd: inHost(HOME) })
      await expect(importTar('odd.tar', 'odd')).rejects.toThrow('Operation not permitted')
    })
  })
}
