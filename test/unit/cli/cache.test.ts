import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { createChrootStore } from '../../chroot-store.ts'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
let cache = ''
let build: string[] = []
beforeEach(() => {
  folder = temporaryFolder()
  cache = join(folder, 'cache')
  const { source, add } = createChrootStore(folder)
  const path = add('a', { contents: 'a' })
  const place = ['--store', source.store, '--closure-info', source.closureInfo]
  build = ['build', '--root', path, ...place, '--level', '0', '--name', 'x', '--out', join(folder, 'out')]
})

describe('the cache of a build', () => {
  it('is used, verified again when asked, and said in the summary', async () => {
    const lineOf = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCommand([...build, '--cache-dir', cache, ...args])
      expect({ code, stderr }).toMatchObject({ code: 0 })
      return stdout.toString().split('\n')[0]
    }
    expect(await lineOf()).toMatch(/: all verified now against NAR hashes$/)
    expect(await lineOf()).toMatch(/: all believed from the block cache/)
    expect(await lineOf('--cache-verify')).toMatch(
      /: all verified now against NAR hashes, all of it from the block cache$/,
    )
  })

  it.each([
    ['build', () => build],
    ['stats', () => ['cache', 'stats']],
    ['prune', () => ['cache', 'prune']],
    ['clear', () => ['cache', 'clear']],
  ])('is refused where others can write, unless that is said: %s', async (_, args) => {
    mkdirSync(cache)
    chmodSync(cache, 0o777)
    const refused = await runCommand([...args(), '--cache-dir', cache])
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`nspawn-rootfs: ${cache}: can be written`),
    })
    expect(refused.stderr).toContain('--cache-shared')
    expect(refused.stderr).not.toMatch(/\n\s+at /)
    expect(readdirSync(folder)).not.toContain('out')
    expect(await runCommand([...args(), '--cache-dir', cache, '--cache-shared'])).toMatchObject({ code: 0 })
  })
})

describe('nspawn-rootfs cache', () => {
  it('counts left-overs, and removes them', async () => {
    await runCommand([...build, '--cache-dir', cache])
    mkdirSync(join(cache, `block-${'0'.repeat(64)}`))
    const run = async (name: string) => (await runCommand(['cache', name, '--cache-dir', cache])).stdout.toString()
    expect(await run('stats')).toMatch(/ in 1 blocks, for 1 .*\nleft-overs .*: 1 \(cache prune removes them\)\n$/)
    const { stdout } = await runCommand(['cache', 'stats', '--json', '--cache-dir', cache])
    const counts = { folder: cache, size: expect.any(Number), batches: 1, blocks: 1, leftOvers: 1 }
    expect(JSON.parse(stdout.toString())).toEqual(counts)
    expect(await run('prune')).toMatch(/: 0 B removed, /)
    expect(await run('stats')).toMatch(/ in 1 blocks, for 1 .*groups of small ones\n$/)
    writeFileSync(join(cache, 'mine'), '')
    expect(await run('clear')).toBe(`${cache}: empty\n`)
    expect(readdirSync(cache)).toEqual(['mine'])
  })
})
