import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkArchive, concerns } from '../../src/check/index.ts'
import { HOST_PROGRAMS, SUITES, type Suite } from './support/debian-host.ts'
import { FOREIGN_IMAGES, FOREIGN_PROGRAMS, makeForeignImage } from './support/foreign-images.ts'
import { IMPORTER_PROGRAMS, type Import, importAll } from './support/importers.ts'
import { ODD_IMAGES } from './support/odd-images.ts'
import { needsRoot } from './support/root.ts'
import { createScratch } from './support/scratch.ts'

const suites = Object.keys(SUITES) as Suite[]

/** Whether an importer took an image, and all of it: what boots is at the end of those that some read in part only. */
const isMachine = ({ status, tree }: Import) =>
  status === 0 && tree.some(line => /^(etc|usr\/lib)\/os-release /.test(line))

const needs = needsRoot(...HOST_PROGRAMS, ...IMPORTER_PROGRAMS, ...FOREIGN_PROGRAMS)
describe.skipIf(needs.skip)(`systemd-import of three versions${needs.because}`, () => {
  const scratch = createScratch()
  afterAll(() => scratch.remove())
  const files = new Map<string, string>()
  const imports = new Map<Suite, ReadonlyMap<string, Import>>()

  beforeAll(async () => {
    const folder = scratch.mountTmpfs('images', 'mode=755')
    for (const [i, name] of FOREIGN_IMAGES.entries()) files.set(name, makeForeignImage(name, join(folder, `${i}`)))
    mkdirSync(join(folder, 'odd'))
    for (const [i, [name, bytes]] of Object.entries(ODD_IMAGES).entries()) {
      files.set(name, join(folder, 'odd', `${i}`))
      writeFileSync(join(folder, 'odd', `${i}`), bytes)
    }
    const names = [...files.keys()]
    for (const suite of suites) {
      const results = await importAll(suite, [...files.values()])
      imports.set(suite, new Map(names.map((name, i) => [name, results[i]!])))
    }
  })

  it.each([...FOREIGN_IMAGES, ...Object.keys(ODD_IMAGES)])('and check agree about %s', async name => {
    const { findings } = await checkArchive(files.get(name)!)
    for (const suite of suites) {
      const result = imports.get(suite)!.get(name)!
      const errors = findings.filter(each => each.severity === 'error' && concerns(each, SUITES[suite]))
      expect(errors.length === 0, `${suite}: ${result.said}\n${JSON.stringify(errors)}`).toBe(isMachine(result))
    }
  })
})
