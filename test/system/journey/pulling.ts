import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { MACHINES } from '../support/guest.ts'
import { HOST_NETWORK } from './images.ts'
import { HOME, IMPORT_PROGRAMS, type Site } from './site.ts'

/** Images are pulled with every kind of verification, and refused if anything is wrong. In the end the host trusts our key. */
export function describePulling(site: () => Site, systemd: number): void {
  describe('pull-tar', () => {
    // What was downloaded is kept, and not verified again as long as the server has the same.
    afterEach(() => site().clean())

    it('refuses the image while our key is not in its keyring', async () => {
      await expect(site().pull('signature', 'good/nixos.tar')).rejects.toThrow(
        'DOWNLOAD INVALID: Signature verification failed',
      )
      expect(site().importedFiles()).toEqual([])
    })

    it('takes the image once the key is there, as `key generate` says how', async () => {
      const { host, images } = site()
      expect(images.trustCommands).not.toBe('')
      await host.run('sh', '-ec', `cd ${HOME}\n${images.trustCommands}`)
      const { stderr } = await site().pull('signature', 'good/nixos.tar')
      expect(stderr).toContain('Signature verification succeeded')
      expect(site().importedFiles()).toEqual(['nixos', 'nixos.nspawn'])
      expect(readFileSync(join(host.root, MACHINES, 'nixos.nspawn'), 'utf8')).toBe(HOST_NETWORK)
    })

    it.each(['checksum', 'no'])('takes the image with --verify=%s', async verify => {
      const { stderr } = await site().pull(verify, 'good/nixos.tar')
      expect(stderr).not.toContain('Signature verification succeeded')
      expect(site().importedFiles()).toEqual(['nixos', 'nixos.nspawn'])
    })

    it.each(['signature', 'checksum'])('refuses an image with a byte flipped, with --verify=%s', async verify => {
      await expect(site().pull(verify, 'flipped/nixos.tar')).rejects.toThrow('DOWNLOAD INVALID: Checksum')
      expect(site().importedFiles()).toEqual([])
    })

    it('refuses an image with the signed SHA256SUMS of another', async () => {
      await expect(site().pull('signature', 'stale/nixos.tar')).rejects.toThrow('DOWNLOAD INVALID: Checksum')
      expect(site().importedFiles()).toEqual([])
    })

    it('refuses SHA256SUMS that fit with the signature of others', async () => {
      await expect(site().pull('signature', 'forged/nixos.tar')).rejects.toThrow('DOWNLOAD INVALID: Signature')
      expect(site().importedFiles()).toEqual([])
    })

    if (systemd >= 262) {
      it('takes the image where the only signature is armored', async () => {
        const { stderr } = await site().pull('signature', 'armored/nixos.tar')
        expect(stderr).toContain('Signature verification succeeded')
      })
    } else {
      it('refuses the image where the only signature is armored', async () => {
        await expect(site().pull('signature', 'armored/nixos.tar')).rejects.toThrow('exit code 1')
        expect(site().importedFiles()).toEqual([])
      })
    }

    if (systemd >= IMPORT_PROGRAMS.importctl.since) {
      const { command } = IMPORT_PROGRAMS.importctl

      it.each(['signature', 'checksum', 'no'])('takes the image by importctl, with --verify=%s', async verify => {
        await site().pull(verify, 'good/nixos.tar', command)
        expect(site().importedFiles()).toEqual(['nixos', 'nixos.nspawn'])
      })

      it('refuses by importctl an image with a byte flipped', async () => {
        await expect(site().pull('signature', 'flipped/nixos.tar', command)).rejects.toThrow('exit code 1')
        expect(site().importedFiles()).toEqual([])
      })
    }
  })
}
