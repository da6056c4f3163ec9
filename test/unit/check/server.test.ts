import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, checkArchive } from '../../../src/index.ts'
import { sendFile, serveCache } from '../../binary-cache.ts'
import { runCommand } from '../../command.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

async function serveImage() {
  const folder = temporaryFolder()
  const { source, toplevel } = createNixosStore(folder)
  const spec = { source, toplevel, name: 'web', level: 0, nspawn: '[Exec]\nBoot=yes\n' }
  const { image } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
  const server = await serveCache(dirname(image), () => sendFile)
  return { image, server, url: `${server.url}web.tar.xz` }
}

const jsonOf = async (place: string) => {
  const { stdout, code } = await runCommand(['check', '--json', place])
  const { findings, digest, ...report } = JSON.parse(stdout.toString())
  return {
    code,
    digest,
    report,
    rules: findings.map(({ rule, path }: { rule: string; path?: string }) => [rule, path]),
  }
}

describe('an image on a server', () => {
  it('is checked with what lies beside it, as on disk, and fetched once', async () => {
    const { image, url, server } = await serveImage()
    const onDisk = await jsonOf(image)
    const there = await jsonOf(url)
    expect({ ...there, digest: undefined }).toEqual({ ...onDisk, digest: undefined })
    expect(there.rules).toContainEqual(['signature', 'SHA256SUMS'])
    expect(readFileSync(join(dirname(image), 'SHA256SUMS'), 'utf8')).toContain(there.digest)
    // Once for its size, and once for all of it.
    expect(server.requests.filter(({ path }) => path.endsWith('web.tar.xz')).length).toBeLessThan(3)
  })

  it.each([
    ['another digest', (sums: string) => sums.replace(/^./gm, digit => (digit === '0' ? '1' : '0')), 3],
    ['no line', () => 'x\n', 2],
    ['more than pull-tar takes', (sums: string) => sums + 'x'.repeat(2 ** 20), 1],
  ])('with a list of checksums that has %s is told', async (_, change, count) => {
    const { image, url } = await serveImage()
    const sums = join(dirname(image), 'SHA256SUMS')
    writeFileSync(sums, change(readFileSync(sums, 'utf8')))
    const { code, rules } = await jsonOf(url)
    expect(rules.filter(([rule]: string[]) => rule === 'checksums').length).toBe(count)
    expect(code).toBe(1)
  })

  it('that is not there is named', async () => {
    const { server } = await serveImage()
    await expect(checkArchive(`${server.url}none.tar.xz`)).rejects.toMatchObject({
      code: 'IMAGE_UNREADABLE',
      message: `${server.url}none.tar.xz: cannot be read: the server has no such file`,
    })
  })

  it('that is damaged has a finding', async () => {
    const { image, url } = await serveImage()
    const bytes = readFileSync(image)
    bytes[Math.floor(bytes.length / 2)] ^= 1
    writeFileSync(image, bytes)
    const { findings } = await checkArchive(url)
    expect(findings.map(({ rule }) => rule)).toContain('corrupt')
  })
})
