import { describe, expect, it } from 'vitest'
import { brief, directory, file, findingsOf, GOOD } from './images.ts'

const A = '2l7gvysjsjm6zqykb5rw716nrl4b9i4f-a'
const B = 'a7qcz39y1mj61s58pqflwszahfq5dh2x-b'
const HASH = 'sha256:1kg9bfp8s4bix87ly4chki1gj9bi3mq3cfxds4vzjxxj26s6d9ya'
const record = (name: string, ...references: string[]) =>
  [`/nix/store/${name}`, HASH, 328, '', references.length, ...references.map(each => `/nix/store/${each}`), ''].join(
    '\n',
  )

const check = async (registration: string | undefined, ...names: string[]) => {
  const store = names.length > 0 ? [directory('nix'), directory('nix/store')] : []
  const paths = names.flatMap(name => [directory(`nix/store/${name}`), file(`nix/store/${name}/file`)])
  const seed = registration === undefined ? [] : [file('nix-path-registration', registration)]
  return (await findingsOf([...GOOD, ...store, ...paths, ...seed])).map(each => `${brief(each)}: ${each.message}`)
}
const error = (message: string) => `error registration nix-path-registration: ${message}`
const warning = (message: string) => `warning registration nix-path-registration: ${message}`

describe('a registration', () => {
  it('that lists what is there is taken', async () => {
    expect(await check(record(A, A, B) + record(B), A, B, '.links')).toEqual([])
    expect(await check(undefined)).toEqual([])
  })

  it.each([
    [
      'of a store path that is not there',
      [record(A), A].slice(0, 1),
      error(`lists /nix/store/${A}, which is not in the image`),
    ],
    ['of no store path', ['', A], warning(`does not list /nix/store/${A}: Nix in the machine deletes it as garbage`)],
    [
      'that is missing',
      [undefined, A],
      warning('there is none, so Nix in the machine knows none of its 1 store paths'),
    ],
    [
      'without a reference',
      [record(A, B), A],
      error(`lists /nix/store/${A}, but not /nix/store/${B}, to which that refers`),
    ],
    ['of a path twice', [record(A) + record(A), A], warning('lists a store path twice')],
    ['beside a stray file', [record(A), A, 'stray'], warning('cannot list /nix/store/stray, which is no store path')],
  ])('%s is told', async (_, [registration, ...names], expected) => {
    expect(await check(registration, ...(names as string[]))).toEqual([expected])
  })

  it('is not missed in a machine that has run', async () => {
    const database = ['nix/var', 'nix/var/nix', 'nix/var/nix/db'].map(path => directory(path))
    const entries = [directory('nix'), directory('nix/store'), directory(`nix/store/${A}`), ...database]
    const found = await findingsOf([...GOOD, ...entries, file('nix/var/nix/db/db.sqlite')])
    expect(found.map(brief)).toEqual([])
    expect((await findingsOf([...GOOD, ...entries])).map(brief)).toEqual(['warning registration nix-path-registration'])
  })

  it('that cannot be parsed is told with the line', async () => {
    expect(await check(record(A).replace('328', '-1'), A)).toEqual([expect.stringMatching(/^error .*line 3/)])
  })
})
