import { expect, it } from 'vitest'
import { detectCompression, MARK_SIZE } from '../../../src/unpack/index.ts'
import { COMPRESSIONS, compress } from '../../binary-cache.ts'

it.each(COMPRESSIONS)('%s is told by its first bytes, if it has a mark', compression => {
  const head = compress(Buffer.from('text '.repeat(1000)), compression).subarray(0, MARK_SIZE)
  expect(detectCompression(head)).toBe(compression === 'br' ? 'none' : compression)
})

it.each([
  ['zip', Buffer.from('PK\x03\x04..', 'latin1')],
  ['compress', Buffer.from('\x1f\x9d....', 'latin1')],
  ['none', Buffer.from('\x5d\0\0\0\x80.', 'latin1')],
  ['none', Buffer.from('\x1f')],
  ['none', Buffer.alloc(0)],
])('%s is told', (compression, head) => {
  expect(detectCompression(head)).toBe(compression)
})
