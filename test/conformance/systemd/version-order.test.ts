import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareSystemdVersions } from '../../../src/systemd/index.ts'
import { needs } from '../../programs.ts'

const { skip, because } = needs('systemd-analyze')

/** As rpmdev-vercmp does: what the exit code of `systemd-analyze compare-versions` says. */
const ORDER: Record<number, number> = { 0: 0, 11: 1, 12: -1 }

describe.skipIf(skip)(`systemd-analyze compare-versions${because}`, () => {
  // Few characters, so that there are many common beginnings. Versions of different kinds meet at the marks.
  const version = fc.string({ unit: fc.constantFrom(...'0012aAb~-^.._+é'), maxLength: 8 })

  it('agrees on which version is newer', () => {
    fc.assert(
      fc.property(version, version, version, (beginning, a, b) => {
        const [left, right] = [beginning + a, beginning + b]
        // Behind "~", systemd compares the first byte with the end as numbers of the type char, which are below 0 on some
        // processors only: a version with such a byte is then newer or older than one without, and none of our names has one.
        fc.pre(!`${left}\0${right}`.includes('~é'))
        const { status } = spawnSync('systemd-analyze', ['compare-versions', '--', left, right])
        expect(Math.sign(compareSystemdVersions(left, right)), `${left} and ${right}`).toBe(ORDER[status ?? -1])
      }),
      { numRuns: 200 },
    )
  })
})
