/**
 * Builds images, one to three at a time, and ends each of them in one of all ways. Prints what the process had before
 * and has afterwards, and then has to end by itself.
 */
import { getEventListeners } from 'node:events'
import { mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { FORMATS, NspawnRootfsError, openBlockCache } from '../../src/index.ts'
import type { Belongings, EndingsPlan, EndingsReport } from './plan.ts'
import { type Case, checkGone, Enough, WAYS } from './ways.ts'

/** Milliseconds for what was ended to be gone: sockets are closed by the kernel, files by threads of Node's own. */
const GRACE = 10_000

const plan = JSON.parse(process.argv[2]) as EndingsPlan
const out = join(plan.folder, 'out')
const places = [out, process.env.TMPDIR!]
for (const place of places) mkdirSync(place, { recursive: true })
const cache = openBlockCache(join(plan.folder, 'cache'))
const shared = new AbortController()

/** Numbers by chance that a seed decides (mulberry32). */
let state = plan.seed
function chance(below: number): number {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) % below
}

function belongings(): Belongings {
  const descriptors = readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, 'N')]
    } catch {
      // The descriptor of this listing.
      return []
    }
  })
  return {
    threads: readdirSync('/proc/self/task').length,
    descriptors: descriptors.sort(),
    resources: process.getActiveResourcesInfo().sort(),
    listeners:
      getEventListeners(shared.signal, 'abort').length +
      process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    files: places.flatMap(place => readdirSync(place, { recursive: true }).map(String)),
    workingFolder: process.cwd(),
    environment: { ...process.env },
  }
}

const ends: Record<string, number> = {}
const strange: string[] = []
/** Milliseconds that a build takes. */
let duration = 1_000
let number = 0

async function endOne(way: string, spec = plan.sound[chance(plan.sound.length)]): Promise<void> {
  const folder = join(out, `${number++}`, 'deep')
  const format = FORMATS[chance(FORMATS.length)]
  const one: Case = {
    spec: { format, level: 0, ...spec },
    faulty: { format, level: 0, ...plan.faulty[chance(plan.faulty.length)] },
    options: {
      workers: 1 + chance(3),
      workerUrl: plan.workerUrl,
      cache: chance(2) === 0 && cache,
      ...(chance(2) === 0 && { signal: shared.signal }),
    },
    folder,
    chance,
    moment: () => chance(Math.ceil(1.2 * duration)),
  }
  let end = 'done'
  try {
    await WAYS[way](one)
  } catch (error) {
    end = error instanceof Error ? error.name : String(error)
    const isMeant = error instanceof Enough || error instanceof NspawnRootfsError
    if (!isMeant) strange.push(`${way}: ${error instanceof Error ? error.stack : error}`)
    checkGone(folder)
  }
  rmSync(dirname(folder), { recursive: true, force: true })
  ends[`${way}: ${end}`] = (ends[`${way}: ${end}`] ?? 0) + 1
}

// Modules, Node's own threads and caches come to stay with the first builds.
for (const way of Object.keys(WAYS)) await endOne(way)
const started = performance.now()
for (const spec of plan.sound) await endOne('done', spec)
duration = (performance.now() - started) / plan.sound.length
const before = await settled(() => true)

const names = Object.keys(WAYS)
for (let done = 0; done < plan.builds; ) {
  const together = Math.min(1 + chance(3), plan.builds - done)
  await Promise.all(Array.from({ length: together }, () => endOne(names[chance(names.length)])))
  done += together
}

/** What the process has once `isEnough`, or after a while. */
async function settled(isEnough: (now: Belongings) => boolean): Promise<Belongings> {
  await wait(200)
  for (const end = performance.now() + GRACE; ; await wait(50)) {
    const now = belongings()
    if (isEnough(now) || performance.now() > end) return now
  }
}

const after = await settled(now => JSON.stringify(now) === JSON.stringify(before))
process.stdout.write(JSON.stringify({ before, after, ends, strange } satisfies EndingsReport))
