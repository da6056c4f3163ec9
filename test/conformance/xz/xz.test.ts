import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lzma2Compressor, xz as napiXz } from '@napi-rs/lzma'
import { describe, expect, it } from 'vitest'
import { XzReadableStream } from 'xz-decompress'
import {
  assembleBlock,
  type ComputableCheck,
  computeCheck,
  createStreamWriter,
  describeStream,
  type Filter,
  lzma2Filter,
  STREAM_HEADER_SIZE,
  X86_BRANCHES,
} from '../../../src/xz/index.ts'
import { needs } from '../../programs.ts'

const xz = needs('xz')
const DICTIONARY = 1 << 20

/** Text-like bytes without 0xE8 and 0xE9, so that the x86 filter leaves them as they are. */
function textOf(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0, state = seed; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = i % 7 < 3 ? 97 + ((state >>> 28) & 7) : 32 + (i % 64)
  }
  return bytes
}

/** Blocks of very different sizes, one of them without any data. */
const DATA = [textOf(3_000_000, 1), textOf(1, 2), new Uint8Array(0), textOf(65_537, 3), new Uint8Array(500_000)]

async function compress(data: Uint8Array): Promise<Uint8Array[]> {
  const encoder = new Lzma2Compressor({ preset: 1, dictSize: DICTIONARY })
  const pieces: Uint8Array[] = []
  for (let at = 0; at < data.length; at += 700_001) pieces.push(encoder.update(data.subarray(at, at + 700_001)))
  pieces.push(await encoder.finish())
  return pieces
}

async function writeXz(check: ComputableCheck, filters: Filter[], blocks: readonly Uint8Array[]): Promise<Buffer> {
  const writer = createStreamWriter(check)
  const pieces = [writer.header()]
  for (const data of blocks) {
    const block = assembleBlock({
      filters,
      compressed: await compress(data),
      uncompressedSize: data.length,
      check,
      checkValue: computeCheck(check, data),
    })
    pieces.push(...block.pieces)
    writer.add(block)
  }
  pieces.push(writer.end())
  return Buffer.concat(pieces)
}

function run(args: string[], input: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync('xz', args, { input, maxBuffer: 1 << 28 })
  if (error) throw error
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** The rows and columns of `xz --list --robot` with everything it knows. It seeks, so it wants a file. */
function listOf(xzFile: Uint8Array): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'xz-list-'))
  try {
    const path = join(folder, 'listed.xz')
    writeFileSync(path, xzFile)
    const rows = run(['-lvv', '--robot', path], new Uint8Array(0)).toString().trimEnd().split('\n')
    return rows.map(row => row.split('\t'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0)

describe.each(['none', 'crc32', 'crc64'] as const)('a stream with the check %s', check => {
  const expected = Buffer.concat(DATA)
  const file = writeXz(check, [lzma2Filter(DICTIONARY)], DATA)

  it.skipIf(xz.skip)(`is sound to xz, which decodes it to the same data${xz.because}`, async () => {
    run(['-t'], await file)
    sameBytes(run(['-dc'], await file), expected)
    sameBytes(run(['-dc', '-T4'], await file), expected)
  })

  it('is decoded by xz-decompress', async () => {
    const stream = new XzReadableStream(new Blob([new Uint8Array(await file)]).stream())
    sameBytes(Buffer.from(await new Response(stream).arrayBuffer()), expected)
  })

  it('is decoded by @napi-rs/lzma', async () => {
    sameBytes(await napiXz.decompress(await file), expected)
  })
})

describe.skipIf(xz.skip)(`xz --list${xz.because}`, () => {
  it('finds blocks, offsets, sizes in the headers and filters as we do', async () => {
    const filters = [X86_BRANCHES.filter, lzma2Filter(DICTIONARY)]
    const file = await writeXz('crc64', filters, DATA)
    sameBytes(run(['-dc'], file), Buffer.concat(DATA))
    sameBytes(await napiXz.decompress(file), Buffer.concat(DATA))

    const footer = file.subarray(-STREAM_HEADER_SIZE)
    const index = file.subarray(
      file.length - STREAM_HEADER_SIZE - (footer.readUInt32LE(4) + 1) * 4,
      -STREAM_HEADER_SIZE,
    )
    const { blocks } = describeStream({ header: file.subarray(0, 12), index, footer, size: file.length })

    const listed = listOf(file).filter(row => row[0] === 'block')
    expect(listed.map(row => row.slice(4, 8).map(Number))).toEqual(
      blocks.map(block => [block.offset, block.uncompressedOffset, block.size, block.uncompressedSize]),
    )
    for (const [i, row] of listed.entries()) {
      const [checkName, checkValue, headerSize, flags, compressedSize, , ...chain] = row.slice(9)
      expect(checkName).toBe('CRC64')
      // xz prints the number, the file holds its bytes from the lowest on.
      expect(checkValue).toBe(Buffer.from(computeCheck('crc64', DATA[i])).reverse().toString('hex'))
      expect(flags).toBe('cu')
      expect(Number(headerSize) + Number(compressedSize) + 8).toBe(blocks[i].unpaddedSize)
      expect(chain.join(' ')).toContain('--x86 --lzma2=dict=1MiB')
    }
  })
})
