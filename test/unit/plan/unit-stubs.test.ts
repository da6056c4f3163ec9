import { describe, expect, it } from 'vitest'
import { buildWith, COMMIT, createManagedStore } from './stub-support.ts'

/** A unit as NixOS writes it: it has no [Install] section. */
const NIXOS_UNIT = '[Service]\nExecStart=/bin/true\n'

describe('a unit of a NixOS system', () => {
  it.each(['multi-user.target.wants', 'sockets.target.requires'])(
    'is enabled without a word if %s starts it',
    async folder => {
      const units = { ...COMMIT, 'web.service': NIXOS_UNIT, [`${folder}/web.service`]: NIXOS_UNIT }
      const { warnings } = await buildWith(createManagedStore({ units }), {
        units: { 'web.service': { enable: true } },
      })
      expect(warnings).toEqual([])
    },
  )

  it('is not enabled if nothing starts it, and a drop-in enables it', async () => {
    const store = createManagedStore({ units: { ...COMMIT, 'web.service': NIXOS_UNIT } })
    const plain = await buildWith(store, { units: { 'web.service': { enable: true } } })
    expect(plain.warnings).toEqual([
      'web.service: nothing in its [Install] section says when to start it, so it is not enabled; ' +
        'give it a drop-in with the lines [Install] and WantedBy=multi-user.target',
    ])
    const dropIns = { 'install.conf': '[Install]\nWantedBy=multi-user.target\n' }
    const { entries, warnings } = await buildWith(store, { units: { 'web.service': { enable: true, dropIns } } })
    expect(warnings).toEqual([])
    expect(entries['etc/systemd/system.attached/multi-user.target.wants/web.service']).toBe(
      '-> /etc/systemd/system/web.service',
    )
  })

  it('is not enabled if it is masked, although something would start it', async () => {
    const units = {
      ...COMMIT,
      'web.service': `${NIXOS_UNIT}[Install]\nAlso=db.service\nWantedBy=multi-user.target\n`,
      'db.service': null,
      'multi-user.target.wants/db.service': null,
    }
    const { warnings } = await buildWith(createManagedStore({ units }), { units: { 'web.service': { enable: true } } })
    expect(warnings).toEqual([expect.stringContaining('db.service: is masked')])
  })
})
