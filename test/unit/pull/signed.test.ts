import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { pullImage } from '../../../src/index.ts'
import { sharedFolder, temporaryFolder } from '../../temporary.ts'
import { serve } from './servers.ts'
import { imageIn, makeKey, makeVersions } from './support.ts'

const shared = sharedFolder()
const versions = makeVersions(shared)
let one: string
let two: string
let publicKey: string
let stranger: { keyFile: string; publicKey: string }
beforeAll(async () => {
  const key = await makeKey(shared, 'publisher')
  stranger = await makeKey(shared, 'stranger')
  publicKey = key.publicKey
  one = await versions.publish('1', { signing: { keyFile: key.keyFile } })
  two = await versions.publish('2', { signing: { keyFile: key.keyFile } })
})

afterEach(() => {
  vi.useRealTimers()
})

const options = () => ({ keyrings: [publicKey], cache: false }) as const

describe('signed checksums', () => {
  it('are verified by a key, in either form of the signature', async () => {
    const only = (name: string) => {
      const folder = temporaryFolder()
      cpSync(one, folder, { recursive: true, filter: path => !path.includes('SHA256SUMS.') || path.endsWith(name) })
      return folder
    }
    for (const folder of [one, only('.gpg'), only('.asc')]) {
      const server = await serve(folder)
      const pulled = await pullImage(server.url, temporaryFolder(), options())
      expect(pulled.signedBy).toMatch(/^[0-9a-f]{40}$/)
    }
  })

  it('are refused if another key signed, or nobody, or what was signed has changed', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    const refused = { code: 'PULL_UNSIGNED' }
    const keyrings = [stranger.publicKey]
    await expect(pullImage(server.url, folder, { ...options(), keyrings })).rejects.toMatchObject(refused)
    server.folder = temporaryFolder()
    cpSync(one, server.folder, { recursive: true, filter: path => !path.includes('SHA256SUMS.') })
    await expect(pullImage(server.url, folder, options())).rejects.toMatchObject(refused)
    server.folder = temporaryFolder()
    cpSync(one, server.folder, { recursive: true })
    copyFileSync(join(two, 'SHA256SUMS'), join(server.folder, 'SHA256SUMS'))
    await expect(pullImage(server.url, folder, options())).rejects.toMatchObject(refused)
    // A key that is trusted besides does not hurt.
    server.folder = one
    await pullImage(server.url, folder, { ...options(), keyrings: [stranger.publicKey, publicKey] })
  })

  it('are refused by a clock that is behind, which the message names', async () => {
    const server = await serve(one)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2020, 0, 1) })
    await expect(pullImage(server.url, temporaryFolder(), options())).rejects.toMatchObject({
      code: 'PULL_UNSIGNED',
      message: expect.stringMatching(
        /is signed, but at 20\d\d-\S+Z, which is after the time of this machine, 2020-01-01T00:00:00Z; set its clock$/,
      ),
    })
    // Another key is another fault, whatever the clock says.
    const keyrings = [stranger.publicKey]
    await expect(pullImage(server.url, temporaryFolder(), { ...options(), keyrings })).rejects.toThrow(
      'is signed by none of the trusted keys',
    )
  })

  it('may be replaced between the two requests', async () => {
    const server = await serve(one)
    let isReplaced = false
    server.fault = (_answer, _response, request) => {
      if (request.url?.endsWith('SHA256SUMS') && !isReplaced) {
        isReplaced = true
        server.folder = two
      }
    }
    const folder = temporaryFolder()
    await pullImage(server.url, folder, options())
    expect(imageIn(folder).equals(imageIn(two))).toBe(true)
  })

  it('need a key that can be read', async () => {
    const server = await serve(one)
    const pull = (keyring: string) => pullImage(server.url, temporaryFolder(), { ...options(), keyrings: [keyring] })
    await expect(pull('/nowhere/key.asc')).rejects.toMatchObject({ code: 'KEY_UNREADABLE' })
    await expect(pull(join(one, 'SHA256SUMS'))).rejects.toMatchObject({ code: 'KEY_INVALID' })
    expect(server.requests).toEqual([])
  })
})

describe('a signed set from before', () => {
  it('is refused, unless it was taken back on purpose', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    await pullImage(server.url, folder, options())
    server.folder = two
    await pullImage(server.url, folder, options())
    server.folder = one
    await expect(pullImage(server.url, folder, options())).rejects.toMatchObject({ code: 'PULL_DOWNGRADE' })
    expect(imageIn(folder).equals(imageIn(two))).toBe(true)
    await pullImage(server.url, folder, { ...options(), allowDowngrade: true })
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
    // From now on that is the newest.
    await pullImage(server.url, folder, options())
  })

  it('is refused by the time of another key, which the message explains', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2020, 0, 1) })
    const early = await makeKey(shared, 'early')
    vi.useRealTimers()
    const folder = temporaryFolder()
    const server = await serve(one)
    const keyrings = [publicKey, early.publicKey]
    await pullImage(server.url, folder, { ...options(), keyrings })
    server.folder = await versions.publish('3', { signing: { keyFile: early.keyFile } })
    await expect(pullImage(server.url, folder, { ...options(), keyrings })).rejects.toMatchObject({
      code: 'PULL_DOWNGRADE',
      message: expect.stringMatching(
        /: it was signed at 2020-01-01T00:00:00Z, and the other at \S+ by another key \(.*--sign-key.*\); ask .* give --allow-downgrade/,
      ),
    })
    await pullImage(server.url, folder, { ...options(), keyrings, allowDowngrade: true })
    await pullImage(server.url, folder, { ...options(), keyrings })
  })

  it('is none if the image is the same, whatever else was published there', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    const checksum = { verify: 'checksum', cache: false } as const
    await pullImage(server.url, folder, checksum)
    server.folder = temporaryFolder()
    cpSync(one, server.folder, { recursive: true })
    const more = `${'0'.repeat(64)}  db.tar.xz\n`
    writeFileSync(join(server.folder, 'SHA256SUMS'), more + readFileSync(join(one, 'SHA256SUMS'), 'utf8'))
    await pullImage(server.url, folder, checksum)
    server.folder = one
    await pullImage(server.url, folder, checksum)
  })

  it('is refused though the newer one never came', async () => {
    const folder = temporaryFolder()
    const server = await serve(one)
    await pullImage(server.url, folder, options())
    server.folder = two
    server.fault = answer => {
      if (answer.status === 206) answer.body = Buffer.alloc(answer.body.length)
    }
    await expect(pullImage(server.url, folder, options())).rejects.toThrow()
    server.folder = one
    server.fault = undefined
    await expect(pullImage(server.url, folder, options())).rejects.toMatchObject({ code: 'PULL_DOWNGRADE' })
  })

  it('is refused by the newest version that it lists, though it was never seen', async () => {
    const list = (from: string, versions: readonly string[]) => {
      const folder = temporaryFolder()
      cpSync(from, folder, { recursive: true })
      const text = readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
      const more = versions.map(version => `${'0'.repeat(64)}  web_${version}.tar.xz\n`).join('')
      writeFileSync(join(folder, 'SHA256SUMS'), text + more)
      return folder
    }
    const folder = temporaryFolder()
    const server = await serve(list(two, ['2026-11-9', '2026-11-10', '2026-12-1/sub']))
    const checksum = { verify: 'checksum', cache: false } as const
    await pullImage(server.url, folder, checksum)
    server.folder = list(one, ['2026-11-9'])
    await expect(pullImage(server.url, folder, checksum)).rejects.toThrow(
      /the newest version is 2026-11-9, and was 2026-11-10/,
    )
    server.folder = one
    await expect(pullImage(server.url, folder, checksum)).rejects.toThrow(/no version is listed, and 2026-11-10 was/)
    server.folder = list(one, ['2026-11-9', '2026-11-10', '2026-11-11'])
    await pullImage(server.url, folder, checksum)
    expect(imageIn(folder).equals(imageIn(one))).toBe(true)
  })
})
