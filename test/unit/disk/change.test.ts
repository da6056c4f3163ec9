import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { commitChange, openScratch } from '../../../src/disk/index.ts'
import { temporaryFolder } from '../../temporary.ts'
import { ENDED, leaveScratch } from './scratch-folders.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
})

/** What is in the folder, by name. */
const contentsOf = (path: string) =>
  Object.fromEntries(readdirSync(path).map(name => [name, readFileSync(join(path, name), 'utf8')]))

/** A record has these of a file: its type, size and time. */
function idOf(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found ? `100000-${found.size}-${found.mtimeNs}` : null
}

interface Names {
  /** Whether a file of this name is there before. */
  readonly old: boolean
  /** What happens to it. */
  readonly kind: 'replaced' | 'outdated'
}

/** Does the first `steps` of a change, as a build that is killed then. Returns what is before and what is to be after. */
function begin(at: string, names: readonly Names[], steps: number) {
  const scratch = leaveScratch(at, ENDED)
  const before: Record<string, string> = {}
  const after: Record<string, string> = {}
  const files = []
  const outdated = []
  for (const [i, { old, kind }] of names.entries()) {
    const file = `${i}`
    if (old) before[file] = `old ${i}`
    if (kind === 'replaced') after[file] = `new file ${i}`
    if (old) writeFileSync(join(at, file), before[file] ?? '')
    if (kind === 'replaced') writeFileSync(join(scratch, file), after[file] ?? '')
    const was = idOf(join(at, file))
    if (kind === 'replaced') files.push({ file, was, is: idOf(join(scratch, file)) })
    else if (was) outdated.push({ file, was })
  }
  writeFileSync(join(scratch, '.change.json'), JSON.stringify({ files, outdated }))
  const calls: (() => void)[] = []
  for (const { file, was } of files) {
    if (was) calls.push(() => linkSync(join(at, file), join(scratch, `.previous-${file}`)))
    calls.push(() => renameSync(join(scratch, file), join(at, file)))
  }
  for (const { file } of outdated) calls.push(() => renameSync(join(at, file), join(scratch, `.previous-${file}`)))
  for (const call of calls.slice(0, steps)) call()
  return { before, after }
}

const NAMES = fc.array(fc.record({ old: fc.boolean(), kind: fc.constantFrom('replaced', 'outdated') }), {
  minLength: 1,
  maxLength: 6,
})

describe('a change that a killed build has begun', () => {
  it('is finished by the next one, wherever it was', async () => {
    await fc.assert(
      fc.asyncProperty(NAMES, fc.nat(20), async (names, steps) => {
        const at = temporaryFolder()
        const { after } = begin(at, names as Names[], steps)
        await (await openScratch(at)).discard()
        expect(contentsOf(at)).toEqual(after)
      }),
    )
  })

  it('is undone where somebody has changed one of its names since', async () => {
    await fc.assert(
      fc.asyncProperty(NAMES, fc.nat(20), fc.nat(5), async (names, steps, which) => {
        const files = names.flatMap(({ kind }, i) => (kind === 'replaced' ? [`${i}`] : []))
        const changed = files[which % files.length]
        fc.pre(changed !== undefined)
        const at = temporaryFolder()
        const { before } = begin(at, names as Names[], steps)
        writeFileSync(join(at, changed!), 'of the user')
        await (await openScratch(at)).discard()
        expect(contentsOf(at)).toEqual({ ...before, [changed!]: 'of the user' })
      }),
    )
  })
})

describe('commitChange', () => {
  it('leaves all as it was where a name cannot be had', async () => {
    const scratch = await openScratch(folder)
    for (const file of ['a', 'b', 'c']) writeFileSync(join(scratch.folder, file), `new ${file}`)
    writeFileSync(join(folder, 'a'), 'old')
    writeFileSync(join(folder, 'outdated'), 'old')
    mkdirSync(join(folder, 'c'))
    const change = { files: ['a', 'b', 'c'], outdated: ['outdated'] }
    await expect(commitChange(folder, scratch, change)).rejects.toMatchObject({ path: join(folder, 'c') })
    await scratch.discard()
    rmSync(join(folder, 'c'), { recursive: true })
    expect(contentsOf(folder)).toEqual({ a: 'old', outdated: 'old' })
  })
})
