import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ownName, stateOfOwner } from '../../../src/disk/owner.ts'
import { ENDED } from './scratch-folders.ts'

describe('stateOfOwner', () => {
  const [space, id, start] = ownName().split('-')

  it('knows a thread that runs, and one that has ended', async () => {
    expect(stateOfOwner(ownName())).toBe('running')
    expect(stateOfOwner(`${ownName()}-0badcafe`)).toBe('running')
    expect(stateOfOwner(ENDED)).toBe('ended')
    const child = spawn('true')
    await once(child, 'exit')
    expect(stateOfOwner(`${space}-${child.pid}-${start}`)).toBe('ended')
  })

  it('does not take another thread of the same number for it', () => {
    expect(stateOfOwner(`${space}-${id}-1`)).toBe('ended')
  })

  it.each(['', 'x', '1-1-1', `${space}-1`])('says nothing of %j', name => {
    expect(stateOfOwner(name)).toBe('unknown')
  })
})
