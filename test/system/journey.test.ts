import { afterAll, beforeAll, describe } from 'vitest'
import { type Images, makeImages } from './journey/images.ts'
import { describeImported } from './journey/imported.ts'
import { describeMachine } from './journey/machine.ts'
import { describePrivateUsers } from './journey/private-users.ts'
import { describePulling } from './journey/pulling.ts'
import { describeReplacing } from './journey/replacing.ts'
import { describeRootless } from './journey/rootless.ts'
import { openSite, type Site } from './journey/site.ts'
import { describeUpdating } from './journey/updating.ts'
import { closureOf } from './support/closures.ts'
import { HOST_PROGRAMS, SUITES, type Suite } from './support/debian-host.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const journey = needsRoot(
  ...CLOSURE_PROGRAMS,
  ...HOST_PROGRAMS,
  'curl',
  'hostname',
  'nix-hash',
  'setfattr',
  'tar',
  'xz',
)

describe.skipIf(journey.skip)(`machinectl on Debian${journey.because}`, () => {
  let scratch: Scratch
  let images: Images
  beforeAll(async () => {
    scratch = createScratch()
    images = await makeImages(await closureOf('small'), scratch.folder)
  })
  afterAll(() => scratch?.remove())

  describe.each(Object.entries(SUITES) as [Suite, number][])('%s (systemd %i)', (suite, systemd) => {
    let site: Site
    beforeAll(async () => {
      site = await openSite(scratch, suite, images)
    })
    afterAll(() => site?.close())

    describePulling(() => site, systemd)
    describeMachine(() => site)
    describeReplacing(() => site)
    describeImported(() => site, systemd)
    describeRootless(() => site, systemd)
    describePrivateUsers(() => site, systemd)
    describeUpdating(() => site, systemd)
  })
})
