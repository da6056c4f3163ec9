import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { MACHINES } from '../support/guest.ts'
import { QUESTIONS } from '../support/health.ts'
import { boot, plant, reportingUnit } from '../support/machines.ts'
import type { Site } from './site.ts'

const MODES = {
  pick: /^0 [1-9]\d* 65536$/,
  identity: /^0 0 65536$/,
  no: /^0 0 4294967295$/,
}

/** The machine `built` boots under every kind of user namespace, one after the other. */
export function describePrivateUsers(site: () => Site, systemd: number): void {
  describe('systemd-nspawn --boot', () => {
    const rootOf = (name: string) => join(site().host.root, MACHINES, name)
    const bootWith = (mode: string) => {
      const flags = [`--private-users=${mode}`, '--private-users-ownership=auto', '--private-network']
      return boot(rootOf('built'), { host: site().host, flags })
    }

    beforeAll(() => {
      const { target, verify } = QUESTIONS
      const users = 'cat /proc/self/uid_map'
      const failed = 'systemctl list-units --failed --plain --no-legend'
      plant(rootOf('built'), reportingUnit({ target, verify, users, failed }))
    })

    it.each(Object.entries(MODES))('with --private-users=%s', async (mode, map) => {
      const { target, verify, users, failed } = await bootWith(mode)
      expect(target).toMatchObject({ code: '0', stdout: 'active' })
      expect(failed).toMatchObject({ code: '0', stdout: '' })
      expect(verify, verify?.stderr).toMatchObject({ code: '0' })
      expect(users?.stdout.replace(/ +/g, ' ')).toMatch(map)
    })

    // It takes systemd-nsresourced, which takes a kernel that lets it load BPF programs: no container has that.
    it('not with --private-users=managed', async () => {
      const complaint = systemd < 258 ? 'Failed to parse UID "managed"' : 'Failed to connect to nsresourced'
      await expect(bootWith('managed')).rejects.toThrow(complaint)
    })
  })
}
