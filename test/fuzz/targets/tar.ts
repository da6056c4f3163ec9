import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type ArchiveReport, checkArchive } from '../../../src/check/index.ts'
import { END_OF_TAR, rawEntry, rawLongName, rawPax } from '../../raw-tar.ts'
import { assertCutAnywhere, isOneIn, streamOf } from '../oracles.ts'
import type { Target } from '../target.ts'

/** What GNU tar says of an archive that ends with one block of zeros; a check says so in a note. */
const LONE_BLOCK = /^tar: A lone zero block at \d+\n$/

const BLOCK = 512

/** Reads an image file. It is never refused: what is wrong with it is in the report. */
export const check = (pieces: readonly Uint8Array[]): Promise<ArchiveReport> => checkArchive(streamOf(pieces))

const folder = (name: string) => rawEntry({ name, type: '5' })
const link = (name: string, linkname: string, type = '2') => rawEntry({ name, type, linkname })

/** Archives of all kinds of entries. */
export function exampleTars(): Buffer[] {
  const osRelease = rawEntry({ name: './etc/os-release', data: 'ID=test\n' })
  const init = [folder('./usr/'), rawEntry({ name: './usr/init', data: '#!/bin/sh\n', mode: 0o755 }), folder('./sbin/')]
  const registration = '/nix/store/zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-a\n'
  return [
    [folder('./'), folder('./etc/'), osRelease, ...init, link('./sbin/init', '../usr/init')],
    [rawPax({ path: './long', 'SCHILY.acl.access': 'user::rwx,group::r-x,other::r-x' }), rawEntry({ name: 'a' })],
    [rawPax({ 'SCHILY.xattr.user.a': 'b', size: '3' }, 'g'), rawEntry({ name: 'a', data: 'abc' }), link('b', 'a', '1')],
    [rawLongName('a/'.repeat(60)), rawLongName('b'.repeat(200), 'K'), link('a', 'b')],
    [
      rawEntry({ name: 'dev', type: '3', bytes: { 329: '0000001\0', 337: '0000005\0' } }),
      rawEntry({ name: 'p', type: '6' }),
    ],
    [
      rawEntry({
        name: 's',
        type: 'S',
        format: 'gnu',
        data: Buffer.alloc(BLOCK),
        bytes: { 386: '00000000000\0', 482: '\x01' },
      }),
    ],
    [
      rawEntry({ name: 'nix-path-registration', data: registration }),
      folder('nix/store/zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-a'),
    ],
  ].map(parts => Buffer.concat([...parts, END_OF_TAR]))
}

/** Sums up each block that is like a header anew. */
export function mendTar(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    const block = Buffer.from(bytes.buffer, bytes.byteOffset + at, BLOCK)
    if (!block.toString('latin1', 257, 262).startsWith('usta')) continue
    block.fill(' ', 148, 156)
    const sum = block.reduce((total, byte) => total + byte, 0)
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  }
  return bytes
}

export const target: Target = {
  about: 'tar archives in check, held against GNU tar',
  seeds: exampleTars,
  words: [
    ...exampleTars().map(tar => tar.subarray(0, BLOCK)),
    ...[
      'ustar\x0000',
      'ustar  \0',
      '0000644\0',
      '77777777777\0',
      '../',
      './',
      '/',
      '\x80\0\0\0',
      '20 path=',
      '\n',
      'GNU.sparse.major=1',
    ],
    rawPax({ path: 'a', linkpath: '' }),
    rawLongName('c'),
    Buffer.alloc(BLOCK),
  ],
  mend: mendTar,
  async run(input) {
    const outcome = await assertCutAnywhere(input, check)
    assert.ok('value' in outcome)
    const { findings, size, tarSize, entries, compression } = outcome.value
    assert.equal(size, input.length)
    if (compression !== 'none') return
    assert.equal(tarSize, input.length)
    if (findings.some(({ severity }) => severity === 'error') || !isOneIn(5, input)) return
    // What is right for every version of systemd, GNU tar lists without a word.
    const { status, stdout, stderr } = spawnSync('tar', ['-tPf', '-'], { input, encoding: 'latin1' })
    assert.deepEqual([status, stderr.replace(LONE_BLOCK, ''), stdout.split('\n').length - 1], [0, '', entries])
  },
}
