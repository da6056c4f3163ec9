import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createXzDecoder, XzError } from '../../../src/xz/index.ts'
import { needs, needsVariable } from '../../programs.ts'

const xz = needs('xz')
const vectors = needsVariable('XZ_VECTORS', 'the tests/files folder of the xz project')
const folder = process.env.XZ_VECTORS ?? ''

function decode(file: Uint8Array, pieceSize = 64 * 1024): Buffer {
  const decoder = createXzDecoder({ createSha256: () => createHash('sha256') })
  const pieces: Uint8Array[] = []
  try {
    for (let at = 0; at < file.length; at += pieceSize) pieces.push(...decoder.push(file.subarray(at, at + pieceSize)))
    decoder.end()
    if (decoder.behind > 0) throw new XzError('XZ_MAGIC', `${decoder.behind} bytes behind its end`)
  } finally {
    decoder.close()
  }
  return Buffer.concat(pieces)
}

function run(args: readonly string[], input: Uint8Array): { stdout: Buffer; status: number | null } {
  return spawnSync('xz', args, { input, maxBuffer: 256 * 1024 * 1024 })
}

describe.skipIf(xz.skip)(`what xz compresses${xz.because}`, () => {
  // Code, text and links to what is far away: larger than the small dictionaries, and than what the window has room for.
  const code = readFileSync(process.execPath).subarray(0, 5_000_000)
  const data = Buffer.concat([code, Buffer.alloc(3_000_000), code.subarray(1_000_000, 2_000_000)])

  it.each([
    '-0',
    '-3 --check=crc32',
    '-6 --check=sha256',
    '-9 --check=none',
    '-1 -T2 --block-size=1MiB',
    '--lzma2=preset=1,dict=4KiB',
    '--lzma2=preset=1,dict=1MiB,lc=0,lp=4,pb=0',
    '--lzma2=preset=1,dict=3MiB,lc=4,lp=0,pb=4',
    '--lzma2=preset=1,dict=96MiB,lc=1,lp=2,pb=1,mode=fast,mf=hc3,nice=8',
    '--x86 --lzma2=preset=1',
    '--arm64 --lzma2=preset=1',
    '--delta=dist=4 --x86 --lzma2=preset=1',
  ])('xz %s', options => {
    const { stdout, status } = run([...options.split(' '), '-c'], data)
    expect(status).toBe(0)
    expect(decode(stdout, 60_000).equals(data)).toBe(true)
  })
})

describe.skipIf(xz.skip || vectors.skip)(
  `the test files of the xz project, as xz takes them${xz.because || vectors.because}`,
  () => {
    const names = vectors.skip ? [] : readdirSync(folder).filter(name => name.endsWith('.xz'))

    it.each(names)('%s', name => {
      const file = readFileSync(join(folder, name))
      const { stdout, status } = run(['-dc'], file)
      // Newer than the xz here, or to be refused without being damaged: its name says more than its exit code.
      if (status === 0 || name.startsWith('good-')) {
        const decoded = decode(file, 7)
        if (status === 0) expect(decoded.equals(stdout)).toBe(true)
      } else {
        expect(() => decode(file, 7)).toThrow(XzError)
      }
    })
  },
)
