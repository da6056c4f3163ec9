import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, generateKeyPair, type ImageSpec, type PublishOptions, publishImages } from '../../src/index.ts'
import { createChrootStore } from '../chroot-store.ts'
import { needs } from '../programs.ts'
import { checkSums, type FolderState, stateOf } from './support/delivered.ts'
import {
  CALLS,
  type DeliveryPlan,
  type DeliveryReport,
  deliver,
  type Injection,
  OTHER_CALLS,
} from './support/injection.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

/** Decides which builds come after which kills. */
const SEED = Date.now() % 1000

const real = needs('strace', 'cp', 'sha256sum')

describe.skipIf(real.skip)(`a delivery that is struck in a system call${real.because}`, () => {
  let scratch: Scratch
  let image: ImageSpec
  beforeAll(async () => {
    scratch = createScratch()
    const folder = scratch.make('store')
    const store = createChrootStore(folder)
    store.add('a', { contents: 'x' })
    const keyFile = join(folder, 'secret.asc')
    writeFileSync(keyFile, (await generateKeyPair({ name: 'test' })).secretKey)
    image = { source: store.source, name: 'image', format: 'tar', signing: { keyFile } }
  })
  afterAll(() => scratch?.remove())

  const SETTINGS = ['[Exec]\nBoot=yes\n', '[Exec]\nBoot=no\n']
  const text = (contents: string) => ({ entries: [{ type: 'file', path: '/etc/text', contents } as const] })

  /** What was there before, and what is built then. */
  const DELIVERIES: Record<string, { before: Partial<ImageSpec>; user?: string; after: Partial<ImageSpec> }> = {
    'other settings': { before: { nspawn: SETTINGS[0], ...text('1') }, after: { nspawn: SETTINGS[1], ...text('2') } },
    'no settings any more': { before: { nspawn: SETTINGS[0], ...text('1') }, after: text('2') },
    'settings of the user': { before: text('1'), user: SETTINGS[0], after: text('2') },
    'no signature any more': { before: text('1'), after: { signing: undefined, ...text('2') } },
  }

  const strike = (plan: DeliveryPlan, call: string, n: number, effect: Injection['effect']) =>
    deliver(plan, { call, when: `${n}`, effect }, join(scratch.folder, 'strace'))

  const buildInto = async (folder: string, spec: ImageSpec) => {
    await build(spec, { workers: 1, cache: false }).toFolder(folder)
  }

  /** A folder with an image before, and the states that it may have. */
  async function prepare({ before, user, after }: (typeof DELIVERIES)[string]) {
    const folder = scratch.make('before')
    await buildInto(folder, { ...image, name: 'other' })
    if (user) writeFileSync(join(folder, 'image.nspawn'), user)
    await buildInto(folder, { ...image, ...before })
    const next = { ...image, ...after }
    const stateAfter = async (spec: ImageSpec) => {
      const copy = copyOf(folder)
      await buildInto(copy, spec)
      return stateOf(copy)
    }
    const bare = { ...image, ...text('3') }
    return {
      ...{ folder, next, bare, user },
      states: { before: stateOf(folder), after: await stateAfter(next), bare: await stateAfter(bare) },
    }
  }

  function copyOf(folder: string): string {
    const copy = scratch.make('copy')
    execFileSync('cp', ['-a', `${folder}/.`, copy])
    return copy
  }

  type Prepared = Awaited<ReturnType<typeof prepare>>

  /** Builds that may come after one that was killed, with what they have to make of its folder. */
  const WAYS_ON: readonly ((folder: string, prepared: Prepared, message: string) => Promise<void>)[] = [
    async (folder, { next, states }, message) => {
      await buildInto(folder, next)
      expect(stateOf(folder), `${message}, the same again`).toEqual(states.after)
    },
    async (folder, { bare, states }, message) => {
      await buildInto(folder, bare)
      expect(stateOf(folder), `${message}, then one without settings`).toEqual(states.bare)
    },
    async (folder, { user, states }, message) => {
      await buildInto(folder, { ...image, name: 'third' })
      checkSums(folder)
      const left = stateOf(folder)
      const ofImage = (state: FolderState) => Object.entries(state).filter(([file]) => file.startsWith('image.'))
      expect([ofImage(states.before), ofImage(states.after)], message).toContainEqual(ofImage(left))
      expect(
        Object.keys(left).filter(file => file.startsWith('.')),
        message,
      ).toEqual([])
      if (user) expect(left['image.nspawn'], message).toBe(states.before['image.nspawn'])
    },
  ]

  describe.each(Object.keys(DELIVERIES))('with %s', name => {
    // The others differ in the names that change, and in nothing else.
    const isFirst = name === Object.keys(DELIVERIES)[0]
    const calls = isFirst ? [...CALLS, ...OTHER_CALLS] : ['rename', 'unlink']
    const failing = isFirst ? CALLS : []
    let prepared: Prepared
    beforeAll(async () => {
      prepared = await prepare(DELIVERIES[name]!)
    })

    it.each(calls)('is ended by the next build, whichever it is, when killed in %s', async call => {
      const { folder, next, states } = prepared
      await untilUnharmed(async n => {
        const out = copyOf(folder)
        const { isStruck } = await strike({ specs: [next], folder: out }, call, n, 'signal=KILL')
        expectWhole(stateOf(out), states.before, states.after)
        // The first delivery is gone on with in every way. The others, of which each leaves the same kinds of states, in one at a
        // time: which one comes first is chance, so that nights see them all.
        const ways = isFirst ? WAYS_ON : [WAYS_ON[(SEED + n) % WAYS_ON.length]!]
        for (const [i, goOn] of ways.entries()) {
          const copy = i < ways.length - 1 ? copyOf(out) : out
          await goOn(copy, prepared, `seed ${SEED}, ${call} ${n}`)
          rmSync(copy, { recursive: true })
        }
        return isStruck
      })
    })

    it.each(failing)('is complete or as before when %s fails', async call => {
      const { folder, next, states } = prepared
      await untilUnharmed(async n => {
        const out = copyOf(folder)
        const { isStruck, error } = await strike({ specs: [next], folder: out }, call, n, 'error=EIO')
        expectAllOrNothing(stateOf(out), states, error)
        await buildInto(out, next)
        expect(stateOf(out), `${call} ${n}, built again`).toEqual(states.after)
        return isStruck
      })
    })
  })

  it.each(['rename', 'unlink'])('is put right by the next build when every %s fails from some time on', async call => {
    const { folder, next, states } = await prepare(DELIVERIES['other settings']!)
    await untilUnharmed(async n => {
      const out = copyOf(folder)
      const log = join(scratch.folder, 'strace')
      const plan = { specs: [next], folder: out }
      const { isStruck, error } = await deliver(plan, { call, when: `${n}+`, effect: 'error=EIO' }, log)
      expect(error?.isTyped ?? true).toBe(true)
      expectWhole(stateOf(out), states.before, states.after)
      await buildInto(out, next)
      expect(stateOf(out), `${call} ${n}, built again`).toEqual(states.after)
      return isStruck
    })
  })

  describe('of a publication', () => {
    const publish = (folder: string, specs: ImageSpec[], options: PublishOptions) =>
      publishImages(specs, folder, { workers: 1, cache: false, ...options })
    const second = (): DeliveryPlan['specs'] => [{ ...image, ...text('2') }]
    let before = ''
    let states: { before: FolderState; after: FolderState; third: FolderState }

    beforeAll(async () => {
      before = scratch.make('published')
      await publish(
        before,
        [
          { ...image, ...text('1') },
          { ...image, name: 'gone' },
        ],
        { version: 'v1' },
      )
      const after = copyOf(before)
      await publish(after, [...second()], { version: 'v2', keep: 1 })
      const third = copyOf(after)
      await publish(third, [{ ...image, ...text('3') }], { version: 'v3', keep: 1 })
      states = { before: stateOf(before), after: stateOf(after), third: stateOf(third) }
    })

    it.each([...CALLS, ...OTHER_CALLS])('is ended by the next one when killed in %s', async call => {
      await untilUnharmed(async n => {
        const out = copyOf(before)
        const plan = { specs: second(), folder: out, publish: { version: 'v2', keep: 1 } }
        const { isStruck } = await strike(plan, call, n, 'signal=KILL')
        checkSums(out)
        const other = copyOf(out)
        await publish(out, [...second()], { version: 'v2', keep: 1 })
        expect(stateOf(out), `${call} ${n}, the same again`).toEqual(states.after)
        await publish(other, [{ ...image, ...text('3') }], { version: 'v3', keep: 1 })
        // How many publications there were before is another matter.
        expect(visible(stateOf(other)), `${call} ${n}, then another`).toEqual(visible(states.third))
        for (const path of [out, other]) rmSync(path, { recursive: true })
        return isStruck
      })
    })

    it.each(CALLS)('is complete or as before when %s fails', async call => {
      await untilUnharmed(async n => {
        const out = copyOf(before)
        const plan = { specs: second(), folder: out, publish: { version: 'v2', keep: 1 } }
        const { isStruck, error } = await strike(plan, call, n, 'error=EIO')
        expectAllOrNothing(stateOf(out), states, error)
        await publish(out, [...second()], { version: 'v2', keep: 1 })
        expect(stateOf(out), `${call} ${n}, published again`).toEqual(states.after)
        return isStruck
      })
    })
  })
})

/** Strikes the first call of a kind, then the second, and so on, until `strike` says that there are no more. */
async function untilUnharmed(strike: (n: number) => Promise<boolean>): Promise<void> {
  for (let n = 1; await strike(n); n++) expect(n).toBeLessThan(200)
}

/** What is in a folder without what is hidden. */
const visible = (state: FolderState) =>
  Object.fromEntries(Object.entries(state).filter(([file]) => !file.startsWith('.')))

const isScratch = (file: string) => file.startsWith('.nspawn-rootfs')

/** Expects every file of a delivery to be what it was or what it is to be. */
function expectWhole(state: FolderState, before: FolderState, after: FolderState): void {
  for (const [file, digest] of Object.entries(state)) {
    if (!isScratch(file)) expect([before[file], after[file]], file).toContain(digest)
  }
}

/** Expects one of two states, and an error that says what was wrong if there is one. */
function expectAllOrNothing(
  state: FolderState,
  { before, after }: { readonly before: FolderState; readonly after: FolderState },
  error: DeliveryReport['error'],
): void {
  const visible = Object.fromEntries(Object.entries(state).filter(([file]) => !isScratch(file)))
  expect([before, after], error?.message).toContainEqual(visible)
  if (!error) {
    expect(visible).toEqual(after)
    return
  }
  expect(error).toMatchObject({ name: expect.stringMatching(/^(?:Image|Publish)Error$/), isTyped: true })
  expect(error).toMatchObject({ code: expect.stringMatching(/_FAILED$/), path: expect.stringMatching(/^\//) })
}
