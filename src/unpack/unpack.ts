import { createBrotliDecompress } from 'node:zlib'
import type { ByteInput } from './byte-input.ts'
import { unpackBzip2 } from './bzip2/unpack.ts'
import type { Compression } from './compression.ts'
import { unpackGzip } from './gzip.ts'
import { limitExpansion } from './limits.ts'
import { unpackLz4 } from './lz4.ts'
import { unpackLzip } from './lzip.ts'
import { unpackLzma } from './lzma.ts'
import { type CreateEngine, runEngine } from './node-engine.ts'
import type { UnpackOptions } from './options.ts'
import { unpackXz } from './xz.ts'
import { unpackZstd } from './zstd.ts'

type Unpacker = (input: ByteInput, options: UnpackOptions) => AsyncGenerator<Uint8Array>

/**
 * No maintained package unpacks what else Nix's libarchive can write: compress, grzip, lrzip and lzop; the last three only
 * where a program of that name is installed.
 */
const UNPACKERS: Readonly<Record<Compression, Unpacker>> = {
  none: input => input.rest(),
  xz: unpackXz,
  zstd: unpackZstd,
  gzip: unpackGzip,
  br: unpackBrotli,
  bzip2: unpackBzip2,
  lz4: unpackLz4,
  lzma: unpackLzma,
  lzip: unpackLzip,
}

/**
 * Unpacks all of `input`, and goes no further than it is read. What it gives is the reader's until the next bytes are asked for.
 * Closes `input` when it ends. Throws `UnpackError`, what `input` throws, and what `onEvent` throws.
 */
export function unpack(input: ByteInput, options: UnpackOptions): AsyncGenerator<Uint8Array> {
  const { compression, limits } = options
  const unpacked = UNPACKERS[compression](input, options)
  const isBounded = limits !== undefined && compression !== 'none'
  return closing(input, isBounded ? limitExpansion(unpacked, input, limits) : unpacked)
}

async function* unpackBrotli(input: ByteInput, { onEvent = () => {} }: UnpackOptions): AsyncGenerator<Uint8Array> {
  yield* runEngine(input, createBrotliDecompress)
  const behind = await input.drain()
  if (behind > 0) onEvent({ kind: 'trailing', size: behind })
}

/** The same with a decompressor of Node's, for formats that are not those of files. */
export function unpackWith(input: ByteInput, create: CreateEngine): AsyncGenerator<Uint8Array> {
  return closing(input, runEngine(input, create))
}

async function* closing(input: ByteInput, unpacked: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* unpacked
  } finally {
    // Not waited for: where reading stopped early, the source may be waiting for its next bytes.
    input.close().catch(() => {})
  }
}
