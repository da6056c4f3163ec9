import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { inNetwork, programs } from './network.ts'

const PROGRAM = fileURLToPath(new URL('./redirects-program.ts', import.meta.url))

/** Asks the first of each hosts, which redirects to the next, and so on. */
const ask = (chains: readonly string[][]) => inNetwork(PROGRAM, chains)

describe.skipIf(programs.skip)(`redirects${programs.because}`, () => {
  it('of public servers lead to no address of this machine or its link, whatever the way', () => {
    const targets = [
      '127.0.0.1',
      '127.1',
      '0.0.0.0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      'localhost',
      'inner.test',
      '169.254.169.254',
      'metadata.test',
    ]
    const outcomes = ask([
      ...targets.map(target => ['198.51.100.7', target]),
      ['public.test', 'inner.test'],
      ['[2001:db8::7]', '[::1]'],
      // By way of a server that may redirect anywhere itself.
      ['198.51.100.7', '192.168.7.7', '127.0.0.1'],
    ])
    for (const [hosts, outcome] of Object.entries(outcomes)) {
      const asked = hosts.split(' ').slice(0, -1).join(' ').replace('public.test', '198.51.100.7').replace(/[[\]]/g, '')
      expect(outcome, hosts).toContain(`HTTP_REDIRECT after ${asked}: `)
      expect(outcome, hosts).toContain('a public server may not lead to')
    }
    expect(Object.keys(outcomes)).toHaveLength(targets.length + 3)
  })

  it('lead from there to other public and private servers, and from private ones anywhere', () => {
    expect(
      ask([
        ['198.51.100.7', '198.51.100.8'],
        ['198.51.100.7', '192.168.7.7'],
        ['198.51.100.7', 'two.test'],
        ['192.168.7.7', '127.0.0.1'],
        ['127.0.0.1', '169.254.169.254'],
        ['inner.test', '198.51.100.7'],
        ['localhost', 'localhost'],
      ]),
    ).toEqual({
      '198.51.100.7 198.51.100.8': 'from 198.51.100.8',
      '198.51.100.7 192.168.7.7': 'from 192.168.7.7',
      '198.51.100.7 two.test': 'from 198.51.100.8',
      '192.168.7.7 127.0.0.1': 'from 127.0.0.1',
      '127.0.0.1 169.254.169.254': 'from 169.254.169.254',
      'inner.test 198.51.100.7': 'from 198.51.100.7',
      'localhost localhost': 'from 127.0.0.1',
    })
  })
})
