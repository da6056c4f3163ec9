import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { build, define, generateKeyPair, publishImages } from '../../../src/index.ts'
import { createNixosStore, type NixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

const here = process.cwd()
let folder = ''
let store: NixosStore
beforeEach(() => {
  folder = temporaryFolder()
  store = createNixosStore(folder)
  process.chdir(folder)
})
afterEach(() => process.chdir(here))

const spec = { source: { store: 'root', closureInfo: 'info' }, name: 'image', format: 'tar' } as const

describe('a relative path means what it meant at the call', () => {
  it('of a build', async () => {
    const building = build({ ...spec, toplevel: `root${store.toplevel}` }).toFolder('out')
    process.chdir('/')
    await building
    expect(readdirSync(join(folder, 'out'))).toContain('image.tar')
  })

  it('of a stream, which begins later', async () => {
    const stream = build(spec).stream()
    process.chdir('/')
    expect((await stream.next()).done).toBe(false)
    await stream.return(undefined as never)
  })

  it('of a publication of several images, and of its key', async () => {
    const { secretKey } = await generateKeyPair({ name: 'test' })
    writeFileSync('key', secretKey)
    const specs = [spec, { ...spec, name: 'other' }]
    const publishing = publishImages(specs, 'published', { signing: { keyFile: 'key' } })
    process.chdir('/')
    expect((await publishing).isSigned).toBe(true)
    expect(readdirSync(join(folder, 'published'))).toContain('SHA256SUMS')
  })

  it('of a declaration', async () => {
    writeFileSync('image.yaml', 'name: image\nclosure: { toplevel: ./result }\n')
    const reading = define('image.yaml')
    process.chdir('/')
    expect((await reading).toplevel).toBe(join(folder, 'result'))
  })
})
