import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, FORMATS, type ImageSpec } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { runCommand } from '../../command.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

const specOf = (folder: string): ImageSpec => {
  const { source, toplevel } = createNixosStore(folder)
  return { source, toplevel, level: 1, nspawn: '[Exec]\nBoot=yes\n', entries: [{ type: 'directory', path: '/srv' }] }
}

async function collect(stream: AsyncGenerator<Uint8Array, unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe.each(FORMATS)('%s', format => {
  it('has the same bytes from 1, 2 and 8 workers, streamed, written and in a folder', async () => {
    const folder = temporaryFolder()
    const spec = { ...specOf(folder), format }
    const streamed = await collect(build(spec, { workers: 1 }).stream())
    const chunks: Buffer[] = []
    const { manifest, ...written } = await build(spec, { workers: 2 }).writeTo(
      async bytes => void chunks.push(Buffer.from(bytes)),
    )
    expect(Buffer.concat(chunks).equals(streamed)).toBe(true)
    const built = await build(spec, { workers: 8 }).toFolder(join(folder, 'out'))
    expect(built).toMatchObject({ ...written, sha256: hash('sha256', streamed), size: streamed.length })
    expect(readFileSync(built.image).equals(streamed)).toBe(true)
    // The settings are beside the image, and only in a folder.
    expect({ ...built.manifest, artefacts: [built.manifest.artefacts[0]] }).toEqual(manifest)
  })
})

describe('an image', () => {
  it('does not depend on where the store lies, or on the order in which it was made', async () => {
    const digestOf = async (parent: string, names: string[]) => {
      const folder = join(parent, `nspawn-rootfs-order-${process.pid}`)
      mkdirSync(folder)
      try {
        const store = createChrootStore(folder)
        const children = Object.fromEntries(names.map(name => [name, { contents: name }]))
        for (const name of names.slice(0, 5)) store.add(`path${name}`, { children })
        return (await build({ source: store.source, format: 'tar' }).toFolder(join(folder, 'out'))).sha256
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
    const names = Array.from({ length: 300 }, (_, i) => String((i * 7) % 301))
    const parents = [temporaryFolder(), '/dev/shm']
    const digests = []
    for (const parent of parents) {
      // The five paths must be the same ones, so only the rest is turned.
      const [five, rest] = [names.slice(0, 5), names.slice(5)]
      digests.push(
        await digestOf(parent, [...five, ...rest]),
        await digestOf(parent, [...five.reverse(), ...rest.reverse()]),
      )
    }
    expect(new Set(digests).size).toBe(1)
  })

  it('does not depend on umask, time zone, locale or folder', async () => {
    const folder = temporaryFolder()
    const { source, toplevel } = createNixosStore(folder)
    const settings = join(folder, 'settings')
    writeFileSync(settings, '[Exec]\n')
    const args = ['build', '--toplevel', toplevel, '--store', source.store, '--closure-info', source.closureInfo]
    const buildHere = async (name: string, first: string, env: Record<string, string>) => {
      const out = join(folder, name)
      const more = ['--level', '1', '--nspawn', settings, '--out', out, '--json']
      const { code, stdout, stderr } = await runCommand([...args, ...more], { first, env, cwd: folder })
      expect(stderr.replace(/^\d+%.*\n/gm, '')).toBe('')
      expect(code).toBe(0)
      return (JSON.parse(stdout.toString()) as { files: string[]; sha256: string }).sha256
    }
    const one = await buildHere('one', 'umask 000', { TZ: 'Pacific/Kiritimati', LC_ALL: 'C' })
    const two = await buildHere('two', 'umask 077', {
      TZ: 'America/Caracas',
      LC_ALL: 'tr_TR.UTF-8',
      LANG: 'tr_TR.UTF-8',
    })
    expect(two).toBe(one)
    for (const file of ['nixos-system-x86_64-linux.manifest.json', 'SHA256SUMS']) {
      expect(readFileSync(join(folder, 'two', file), 'utf8')).toBe(readFileSync(join(folder, 'one', file), 'utf8'))
    }
  })
})
