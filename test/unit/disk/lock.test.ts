import { lstatSync, lutimesSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { LOCK, withLock } from '../../../src/disk/lock.ts'
import { temporaryFolder } from '../../temporary.ts'

/** A thread of another container: nobody here can ask whether it runs. */
const ELSEWHERE = '1-1-1'

const MINUTE = 60_000

function holdTimers(): void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
}

/** Makes a lock as old as it is after so many milliseconds in which its thread does nothing. */
function age(lock: string, milliseconds: number): void {
  const then = new Date(Date.now() - milliseconds)
  lutimesSync(lock, then, then)
}

it('a lock stays young for as long as the work takes, so that nobody takes it for a left-over', async () => {
  holdTimers()
  const folder = temporaryFolder()
  const lock = join(folder, LOCK)
  await withLock(
    folder,
    async () => {
      for (let minute = 0; minute < 3; minute++) {
        age(lock, MINUTE)
        vi.advanceTimersByTime(MINUTE / 2)
        expect(Date.now() - lstatSync(lock).mtimeMs).toBeLessThan(MINUTE / 2)
      }
    },
    undefined,
  )
  expect(vi.getTimerCount()).toBe(0)
  expect(readdirSync(folder)).toEqual([])
})

it('work goes on where its lock was removed, and leaves alone the lock that somebody has made since', async () => {
  holdTimers()
  const folder = temporaryFolder()
  const lock = join(folder, LOCK)
  await withLock(
    folder,
    async () => {
      rmSync(lock)
      vi.advanceTimersByTime(MINUTE)
      symlinkSync(ELSEWHERE, lock)
    },
    undefined,
  )
  expect(readdirSync(folder)).toEqual([LOCK])
})

it('a lock whose thread cannot be asked is taken away after a minute without a sign of it', async () => {
  const folder = temporaryFolder()
  const lock = join(folder, LOCK)
  symlinkSync(ELSEWHERE, lock)
  age(lock, MINUTE + 1000)
  await withLock(folder, async () => {}, undefined)
  expect(readdirSync(folder)).toEqual([])
})
