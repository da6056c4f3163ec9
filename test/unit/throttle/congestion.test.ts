import { beforeEach, describe, expect, it, vi } from 'vitest'
import { limitConnections, limitRate, type SimulatedServer, simulate } from './simulation.ts'

beforeEach(() => {
  let seed = 1
  const random = vi.spyOn(Math, 'random').mockImplementation(() => {
    // The generator of POSIX' rand, which is the same everywhere.
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return seed / 2 ** 31
  })
  return () => random.mockRestore()
})

/** Fails by chance. */
const unlucky =
  (share: number): SimulatedServer =>
  () => ({ answers: Math.random() >= share, takes: 0 })

describe('a throttled server', () => {
  it.each<[string, () => SimulatedServer, requests: number, ideal: number]>([
    ['50 a second, 20 delayed', () => limitRate(50, 20, true), 303, 303 / 50],
    ['50 a second, 20 at once', () => limitRate(50, 20, false), 303, 283 / 50],
    ['1 a second, 5 at once', () => limitRate(1, 5, false), 60, 55],
    ['500 a second, 20 delayed', () => limitRate(500, 20, true), 2000, 1980 / 500],
    ['500 a second, 20 at once', () => limitRate(500, 20, false), 2000, 1980 / 500],
  ])('is used at over nine tenths of what it allows: %s', (_, server, requests, ideal) => {
    const { milliseconds } = simulate({ requests, roundTrip: 1, server: server() })
    expect((1000 * ideal) / milliseconds).toBeGreaterThan(0.9)
  })

  // Each request that comes a moment too early is refused, and timers are late.
  it.each([
    [1, 60],
    [10, 303],
    [50, 1000],
  ])('is used at over eight tenths of what it allows without a burst: %i a second', (rate, requests) => {
    const { milliseconds, refusals } = simulate({ requests, roundTrip: 1, server: limitRate(rate, 0, false) })
    expect((1000 * requests) / rate / milliseconds).toBeGreaterThan(0.8)
    expect(refusals).toBeLessThan(requests)
  })

  it('is used at over eight tenths of the connections that it allows', () => {
    const { milliseconds } = simulate({ requests: 1000, roundTrip: 1, server: limitConnections(3, 6) })
    expect((1000 * 7) / 3 / milliseconds).toBeGreaterThan(0.8)
  })

  it('is refused nothing that counts once its limit is known', () => {
    const { refusals } = simulate({ requests: 3000, roundTrip: 1, server: limitRate(50, 20, true) })
    expect(refusals).toBeLessThan(90)
  })

  it.each([0.05, 0.1, 0.2])('that fails by chance is not asked less and less: a share of %f', share => {
    const intervals: number[] = []
    const watch = ({ interval }: { interval: number }) => intervals.push(interval)
    simulate({ requests: 5000, roundTrip: 2, server: unlucky(share), watch })
    const ordered = intervals.sort((a, b) => a - b)
    expect(ordered[ordered.length >> 1]).toBeLessThan(10)
    expect(ordered.at(-1)).toBeLessThan(500)
  })

  it('has its limits forgotten within two seconds after a single refusal', () => {
    let [count, recovered, refusedAt] = [0, 0, 0]
    const watch = ({ window, interval }: { window: number; interval: number }, now: number) => {
      if (count > 1000 && recovered === 0 && interval === 0 && (window === 0 || window >= 25)) recovered = now
    }
    const server = (now: number) => {
      if (++count === 1000) refusedAt = now
      return { answers: count !== 1000, takes: 0 }
    }
    simulate({ requests: 4000, roundTrip: 40, server, watch })
    expect(recovered - refusedAt).toBeGreaterThan(0)
    expect(recovered - refusedAt).toBeLessThan(2000)
  })

  it('is found again soon after it was away', () => {
    const away = (now: number) => now > 2000 && now < 62_000
    let lastRefused = 0
    const { milliseconds, refusals } = simulate({
      requests: 5000,
      roundTrip: 10,
      server: now => {
        if (away(now)) lastRefused = now
        return { answers: !away(now), takes: 0 }
      },
    })
    expect(refusals).toBeLessThan(80)
    expect(milliseconds + 1000 - 62_000).toBeLessThan(25_000)
    expect(lastRefused).toBeGreaterThan(50_000)
  })

  it('has a window of one at least, and never a negative interval', () => {
    let isSound = true
    const watch = ({ window, interval, inFlight }: { window: number; interval: number; inFlight: number }) => {
      isSound &&= (window === 0 || (window >= 1 && window < 256)) && interval >= 0 && inFlight >= 0
    }
    for (const share of [0.01, 0.3, 0.7, 0.95]) simulate({ requests: 100, roundTrip: 3, server: unlucky(share), watch })
    expect(isSound).toBe(true)
  })

  it('has half as much in flight after the first refusal', () => {
    const windows: number[] = []
    let count = 0
    const watch = ({ window }: { window: number }) => windows.push(window)
    simulate({ requests: 300, roundTrip: 10, server: () => ({ answers: ++count !== 100, takes: 0 }), watch })
    expect(windows.find(window => window > 0)).toBe(12.5)
  })
})
