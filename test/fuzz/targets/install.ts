import assert from 'node:assert/strict'
import { enableUnits, installReferences } from '../../../src/systemd/enable.ts'
import { checkUnitName } from '../../../src/systemd/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

const NAMES = ['a.service', 'b@.service', 'b@i.service', 'c.target', 'd.mount', 'a.service.d/x.conf']
const FOLDER = '/etc/systemd/system'

/** Units with an [Install] section each; their texts are parted by a line `---`. */
export const target: Target = {
  about: '[Install] sections, whose links are those of units',
  seeds: () => [
    '[Install]\nWantedBy=multi-user.target c.target\nAlias=z.service\n---\n[Install]\nDefaultInstance=x\nWantedBy=c.target\n',
    '[Install]\nAlso=b@i.service d.mount\nRequiredBy="c.target"\n---\n[Install]\nWantedBy=%i.target\nAlias=y@.service\n',
    '[Install]\nWantedBy=%n.target\nUpheldBy=\n---\n\n---\n[Install]\nAlias=c.target.wants/b@i.service\n---\n---\n---\n[Install]\nWantedBy=\n',
  ],
  words: [
    '[Install]\n',
    'WantedBy=',
    'Alias=',
    'Also=',
    'DefaultInstance=',
    '%i',
    '%j',
    '%%',
    '%H',
    '---\n',
    '@',
    '..',
    '/',
    ...NAMES,
  ],
  run(input) {
    const texts = Buffer.from(input).toString().split('---\n')
    const units = new Map(NAMES.flatMap((name, i) => (texts[i] === undefined ? [] : [[name, texts[i]] as const])))
    for (const name of NAMES.slice(0, 5)) {
      outcomeNow(() => installReferences(units, name))
      const outcome = outcomeNow(() => enableUnits(units, [name], file => `${FOLDER}/${file}`))
      if (!('value' in outcome)) continue
      for (const { path, target } of outcome.value.links) {
        const [, folder, link] = /^(?:([^/]+)\.(?:wants|requires|upholds)\/)?([^/]+)$/.exec(path) ?? []
        assert.ok(link !== undefined, path)
        checkUnitName(link)
        if (folder !== undefined) checkUnitName(folder)
        assert.ok(units.has(target.slice(FOLDER.length + 1)), target)
      }
      assert.deepEqual(enableUnits(units, [name, name], file => `${FOLDER}/${file}`).links, outcome.value.links)
    }
  },
}
