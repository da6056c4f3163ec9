import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { isAbandoned, ownThreadName, stateOfThread } from '../../../src/disk/thread-name.ts'
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

describe('isAbandoned', () => {
  const HOUR = 60 * 60 * 1000
  const ago = (time: number) => Date.now() - time

  it('goes by the thread, and where that cannot be asked, by the time since its last sign', () => {
    expect(isAbandoned(ownThreadName(), 0)).toBe(false)
    expect(isAbandoned(ENDED, Date.now())).toBe(true)
    expect(isAbandoned('1-1-1', ago(23 * HOUR))).toBe(false)
    expect(isAbandoned('1-1-1', ago(25 * HOUR))).toBe(true)
    expect(isAbandoned('1-1-1', ago(HOUR), HOUR / 2)).toBe(true)
  })
})
