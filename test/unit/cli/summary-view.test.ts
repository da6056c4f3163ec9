import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { formatSummary } from '../../../src/cli/summary-view.ts'
import type { ImageFiles, ImageResult } from '../../../src/index.ts'
import { createFakeStream } from './fake-stream.ts'

beforeEach(() => {
  vi.stubEnv('NO_COLOR', '1')
  return () => vi.unstubAllEnvs()
})

const SUMMARY: ImageResult = {
  ...{
    name: 'my_image',
    system: 'x86_64-linux',
    format: 'tar.xz',
    toplevel: '/nix/store/x',
    isToBoot: true,
    isNixos: false,
    storePathCount: 12,
  },
  ...{ narSize: 4_000_000, cachedNarSize: 0, verifiedNarSize: 4_000_000, tarSize: 5_000_000, size: 1_250_000 },
  ...{ sha256: '', warnings: [] },
  manifest: {} as ImageResult['manifest'],
}
const filesIn = (folder: string, more: Partial<ImageFiles> = {}): ImageFiles => {
  const image = join(folder, `my_image.${more.format ?? 'tar.xz'}`)
  return { ...SUMMARY, image, sha256: '', files: [image, join(folder, 'SHA256SUMS')], ...more } as ImageFiles
}
const linesOf = (image: ImageResult | ImageFiles) =>
  formatSummary(image, 4.2, createFakeStream(false, { colours: false }).stream).split('\n')

describe('formatSummary', () => {
  it('tells sizes and ratio of what went to standard output', () => {
    expect(linesOf(SUMMARY)).toEqual([
      '12 store paths, 4.00 MB: all verified now against NAR hashes',
      '5.00 MB of tar in 1.25 MB of tar.xz (ratio 4.00), in 4.2 s',
      '',
    ])
    expect(linesOf({ ...SUMMARY, format: 'tar' })[1]).toBe('5.00 MB of tar in 1.25 MB of tar, in 4.2 s')
  })

  it.each([
    [1_000_000, 3_000_000, '3.00 MB verified now against NAR hashes, 1.00 MB believed from the block cache ('],
    [4_000_000, 0, 'all believed from the block cache (--cache-verify checks it)'],
    [1_000_000, 4_000_000, 'all verified now against NAR hashes, 1.00 MB of it from the block cache'],
    [4_000_000, 4_000_000, 'all verified now against NAR hashes, all of it from the block cache'],
  ])('tells of %d bytes from the cache, and %d that were verified', (cachedNarSize, verifiedNarSize, text) => {
    expect(linesOf({ ...SUMMARY, cachedNarSize, verifiedNarSize })[0]).toContain(`12 store paths, 4.00 MB: ${text}`)
  })

  it('tells what to do with a file, under a name that machinectl takes', () => {
    expect(linesOf(filesIn(join(process.cwd(), 'out'))).slice(2)).toEqual([
      ...['out/my_image.tar.xz', 'out/SHA256SUMS', ''],
      ...[
        'machinectl import-tar out/my_image.tar.xz my-image',
        'machinectl start my-image',
        'machinectl shell my-image /usr/bin/env passwd',
        'machinectl login my-image',
      ],
      '',
    ])
  })

  it('tells that an image does not boot, or needs a newer systemd', () => {
    expect(linesOf(filesIn('/x', { isToBoot: false })).join('\n')).toMatch(/not made to boot/)
    expect(linesOf(filesIn('/x', { isToBoot: false })).join('\n')).not.toMatch(/machinectl start/)
    expect(linesOf(filesIn('/x', { format: 'tar.zst' })).join('\n')).toMatch(/systemd 258 or newer/)
  })

  it('quotes a path that a shell would take apart', () => {
    expect(linesOf(filesIn(`/with space/it's`)).join('\n')).toContain(
      `import-tar '/with space/it'\\''s/my_image.tar.xz' my-image`,
    )
  })
})
