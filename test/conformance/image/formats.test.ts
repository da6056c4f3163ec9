import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, type ImageFormat, type ImageSpec } from '../../../src/index.ts'
import { bulk, createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

/** What decodes each format, what tests it, and what tar calls it. */
const PROGRAMS: [ImageFormat, string, string[][], string][] = [
  ['tar.xz', 'xz', [['-dc'], ['-T0', '-dc']], '-J'],
  ['tar.gz', 'gzip', [['-dc']], '-z'],
  ['tar.zst', 'zstd', [['-qdc']], '--zstd'],
]

describe.each(PROGRAMS)('%s', (format, program, decoders, tarOption) => {
  const found = needs(program, 'tar', 'cmp')
  it.skipIf(found.skip)(`is decoded by ${program} and GNU tar to the plain tar${found.because}`, async () => {
    const folder = temporaryFolder()
    const store = createNixosStore(folder)
    store.add('large', bulk(40))
    const spec: ImageSpec = { source: store.source, toplevel: store.toplevel, level: 1, name: 'image' }
    const plain = await build({ ...spec, format: 'tar' }).toFolder(join(folder, 'plain'))
    const { image, manifest, tarSize } = await build({ ...spec, format }).toFolder(join(folder, 'out'))
    expect(manifest.blocks.length).toBeGreaterThan(2)
    expect(tarSize).toBe(plain.size)

    execFileSync(program, ['-qt', image])
    for (const options of decoders) {
      const line = `${program} ${options.join(' ')} '${image}' | cmp - '${plain.image}'`
      execFileSync('sh', ['-c', line])
    }
    // As systemd up to 258 runs it, but for the compression.
    const unpacked = join(folder, 'unpacked')
    execFileSync('mkdir', [unpacked])
    execFileSync('tar', ['--ignore-zeros', '--numeric-owner', tarOption, '-C', unpacked, '-pxf', image])
    execFileSync('diff', ['-r', '--no-dereference', join(store.root, 'nix/store'), join(unpacked, 'nix/store')])
  })
})

describe('xz', () => {
  const xz = needs('xz')
  it.skipIf(xz.skip)(`lists the blocks that the manifest tells of${xz.because}`, async () => {
    const folder = temporaryFolder()
    const store = createNixosStore(folder)
    store.add('large', bulk(40))
    const { image, manifest } = await build({ source: store.source, level: 0 }).toFolder(join(folder, 'out'))
    const listed = execFileSync('xz', ['--robot', '--list', '-vv', image], { encoding: 'utf8' })
    const blocks = listed
      .split('\n')
      .map(line => line.split('\t'))
      .filter(([kind]) => kind === 'block')
    // Columns 5 to 8 (xz(1), "Robot mode"): offsets and sizes, compressed and not.
    expect(blocks.map(block => block.slice(4, 8).map(Number))).toEqual(
      manifest.blocks.map(({ offset, tarOffset, size, tarSize }) => [offset, tarOffset, size, tarSize]),
    )
    // Column 13: both sizes are in the header.
    expect(new Set(blocks.map(block => block[12]))).toEqual(new Set(['cu']))
  })
})

describe('a built folder', () => {
  const nix = needs('nix-store', 'sha256sum', 'tar')
  it.skipIf(nix.skip)(`has checksums and a registration that are taken as they are${nix.because}`, async () => {
    const folder = temporaryFolder()
    const store = createNixosStore(folder)
    const { image } = await build({ source: store.source, toplevel: store.toplevel, level: 0, nspawn: 'x' }).toFolder(
      folder,
    )
    const sums = execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })
    expect(sums.match(/: OK$/gm)).toHaveLength(3)

    // Contract: after boot `nix-store --verify --check-contents` in the image passes.
    const unpacked = join(folder, 'unpacked')
    execFileSync('mkdir', [unpacked])
    execFileSync('tar', ['-xpf', image, '-C', unpacked])
    const nixStore = (...args: string[]) =>
      execFileSync('sh', ['-c', 'nix-store --store "$0" "$@" < "$0/nix-path-registration" 2>&1', unpacked, ...args], {
        ...{ encoding: 'utf8', env: { ...process.env, NIX_CONFIG: 'build-users-group =' } },
      })
    nixStore('--load-db')
    expect(nixStore('--verify', '--check-contents')).not.toMatch(/error|modified|disappeared|missing|warning/)
    const requisites = nixStore('--query', '--requisites', store.toplevel).trim().split('\n')
    expect(requisites.filter(line => line.startsWith('/nix/store/')).sort()).toHaveLength(4)
  })
})
