import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { inNetwork, programs } from './network.ts'

const PROGRAM = fileURLToPath(new URL('./nar-places-program.ts', import.meta.url))

describe.skipIf(programs.skip)(`the NARs of a cache${programs.because}`, () => {
  it('are at no address of this machine or its link if the cache is public', () => {
    const places = ['127.0.0.1', '[::1]', 'localhost', 'inner.test', '169.254.169.254', 'metadata.test']
    const outcomes = inNetwork(PROGRAM, [...places.map(place => ['198.51.100.7', place]), ['public.test', '127.0.0.1']])
    for (const [places, outcome] of Object.entries(outcomes)) {
      expect(outcome, places).toContain('NAR_FILE_UNREADABLE: ')
      expect(outcome, places).toContain('a public server may not lead to')
    }
    expect(Object.keys(outcomes)).toHaveLength(places.length + 1)
  })

  it('are anywhere else, and anywhere at all if it is not', () => {
    expect(
      inNetwork(PROGRAM, [
        ['198.51.100.7', '198.51.100.7'],
        ['198.51.100.7', '198.51.100.8'],
        ['198.51.100.7', '192.168.7.7'],
        ['192.168.7.7', '127.0.0.1'],
        ['127.0.0.1', '127.0.0.1'],
        ['127.0.0.1', '169.254.169.254'],
      ]),
    ).toEqual({
      '198.51.100.7 198.51.100.7': 'from 198.51.100.7',
      '198.51.100.7 198.51.100.8': 'from 198.51.100.8',
      '198.51.100.7 192.168.7.7': 'from 192.168.7.7',
      '192.168.7.7 127.0.0.1': 'from 127.0.0.1',
      '127.0.0.1 127.0.0.1': 'from 127.0.0.1',
      '127.0.0.1 169.254.169.254': 'from 169.254.169.254',
    })
  })
})
