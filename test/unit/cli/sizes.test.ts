import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFile,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build } from '../../../src/index.ts'
import { MAIN, runCommand } from '../../command.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCommand(['sizes', ...args])
  return { code, lines: stdout.toString().split('\n').slice(0, -1), stderr }
}

async function buildImage() {
  const folder = temporaryFolder()
  const store = createNixosStore(folder)
  const long = store.add(`long-${'x'.repeat(60)}-1.0-man`, { contents: 'x' })
  const others = Array.from({ length: 25 }, (_, i) => store.add(`other${i}`, { contents: '' }, i === 0 ? [long] : []))
  const { toplevel, etc, source } = store
  const spec = { source, toplevel, roots: others, name: 'web', level: 0 }
  const { image } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
  return { image, toplevel, etc, long, others }
}

describe('nspawn-rootfs sizes', () => {
  it('shows the largest store paths in 80 columns, and all if that is wanted', async () => {
    const { image } = await buildImage()
    const { code, lines, stderr } = await run(image)
    expect([code, stderr]).toEqual([0, ''])
    expect(lines[0]).toBe('  In file    Share   In tar  Closure    Added  Store path')
    expect(lines[1]).toMatch(/^ {2}\d\.\d\d MB {3}\d\d\.\d % {2}3\.00 MB {2}3\.00 MB {2}3\.00 MB {2}data$/)
    expect(lines).toHaveLength(1 + 20 + 1 + 2 + 1)
    expect(lines[21]).toMatch(/10 more \(--all\)$/)
    expect(lines.at(-1)).toMatch(/ 100\.0 % .* 30 store paths$/)
    const all = (await run('--all', image)).lines
    expect(all).toHaveLength(1 + 30 + 2 + 1)
    expect(all.filter(line => line.length > 80)).toEqual([])
    expect(all.find(line => line.includes('long-'))).toMatch(/ {2}long-x+…x+-1\.0-man$/)
  })

  it('shows what keeps a store path in the image', async () => {
    const { image, long, others, etc, toplevel } = await buildImage()
    expect((await run(image, '--why', 'long')).lines).toEqual([
      others[0],
      `└───${long}`,
      '',
      '1 store path refers to it:',
      `  ${others[0]}`,
    ])
    expect((await run(image, '--why', toplevel)).lines).toEqual([
      toplevel,
      '',
      `No other store path refers to ${toplevel}.`,
    ])
    const { lines } = await run(image, '--why', etc, '--json')
    expect(JSON.parse(lines.join('\n'))).toEqual({ path: etc, chain: [toplevel, etc], referrers: [toplevel] })
    const none = await run(image, '--why', 'other')
    expect(none).toMatchObject({ code: 1, lines: [] })
    expect(none.stderr).toMatch(
      /^nspawn-rootfs: "other": may be "\/nix\/store\/.* and 20 more; give more of the path\n$/,
    )
  })

  it('writes a page, whole, and the same each time', async () => {
    const { image } = await buildImage()
    const folder = temporaryFolder()
    const file = join(folder, 'sizes.html')
    writeFileSync(file, 'before')
    expect(await run(image, '--html', file)).toEqual({ code: 0, lines: [file], stderr: '' })
    const page = readFileSync(file, 'utf8')
    expect(page).toMatch(/^<!doctype html>\n[\s\S]*<title>Sizes of web\.tar\.xz<\/title>[\s\S]*<\/html>\n$/)
    await run(image, '--html', join(folder, 'again.html'))
    expect(readFileSync(join(folder, 'again.html'), 'utf8')).toBe(page)
    expect(readdirSync(folder).sort()).toEqual(['again.html', 'sizes.html'])
  })

  it('writes a page to where a symlink leads, and to a pipe', async () => {
    const { image } = await buildImage()
    const folder = temporaryFolder()
    const at = (name: string) => join(folder, name)
    writeFileSync(at('file'), 'before')
    symlinkSync('file', at('link'))
    execFileSync('mkfifo', [at('pipe')])
    const { promise: read, resolve, reject } = Promise.withResolvers<string>()
    readFile(at('pipe'), 'utf8', (error, text) => (error ? reject(error) : resolve(text)))
    await run(image, '--html', at('link'))
    await run(image, '--html', at('pipe'))
    expect(readFileSync(at('file'), 'utf8')).toMatch(/<\/html>\n$/)
    expect(await read).toBe(readFileSync(at('file'), 'utf8'))
    expect(readlinkSync(at('link'))).toBe('file')
    symlinkSync('new', at('link to nothing'))
    await run(image, '--html', at('link to nothing'))
    expect(readFileSync(at('new'), 'utf8')).toBe(await read)
    const { stdout } = await runCommand(['sizes', image, '--html', '/dev/stdout'])
    expect(stdout.toString()).toBe(await read)
    const short = await runCommand(['sizes', image, '--html', '-'], { cwd: folder })
    expect([short.stdout.toString(), readdirSync(folder).includes('-')]).toEqual([await read, false])
    const shell = `{ echo first; "$0" "$1" sizes "$2" --html /dev/stdout; echo last; } > out`
    execFileSync('sh', ['-c', shell, process.execPath, MAIN, image], { cwd: folder })
    expect(readFileSync(at('out'), 'utf8')).toBe(`first\n${await read}last\n`)
    expect(statSync(at('pipe')).isFIFO()).toBe(true)
  })

  it('leaves what is in the way of a page', async () => {
    const { image } = await buildImage()
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'page'))
    const { code, lines, stderr } = await run(image, '--html', join(folder, 'page'))
    expect([code, lines]).toEqual([1, []])
    expect(stderr).toContain('is in the way and not a file')
    expect(readdirSync(folder)).toEqual(['page'])
  })

  it('prints JSON', async () => {
    const { image, toplevel } = await buildImage()
    const sizes = JSON.parse((await run(image, '--json')).lines.join('\n'))
    expect(sizes).toMatchObject({ toplevel, fileSize: expect.any(Number), narSize: expect.any(Number) })
    expect(sizes.storePaths).toHaveLength(30)
  })
})
