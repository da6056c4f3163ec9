import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ownThreadName, stateOfThread } from '../../../src/disk/thread-name.ts'
import { ENDED } from './scratch-folders.ts'

describe('stateOfThread', () => {
  const [space, id, start] = ownThreadName().split('-')

  it('knows a thread that runs, and one that has ended', async () => {
    expect(stateOfThread(ownThreadName())).toBe('running')
    expect(stateOfThread(`${ownThreadName()}-0badcafe`)).toBe('running')
    expect(stateOfThread(ENDED)).toBe('ended')
    const child = spawn('true')
    await once(child, 'exit')
    expect(stateOfThread(`${space}-${child.pid}-${start}`)).toBe('ended')
  })

  it('does not take another thread of the same number for it', () => {
    expect(stateOfThread(`${space}-${id}-1`)).toBe('ended')
  })

  it.each(['', 'x', '1-1-1', `${space}-1`])('says nothing of %j', name => {
    expect(stateOfThread(name)).toBe('unknown')
  })
})
