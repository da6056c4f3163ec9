import assert from 'node:assert/strict'
import { aclOutcome } from '../../../src/check/acl.ts'
import { reportPaxHeader } from '../../../src/check/pax-headers.ts'
import { parsePaxHeader } from '../../../src/untar/pax.ts'
import { paxRecord } from '../../raw-tar.ts'
import type { Target } from '../target.ts'

const ACL = 'user::rwx,user:1000:r--:1000,group::r-x,mask::r-x,other::---'

/** Records of a pax header; and the access control lists in them. */
export const target: Target = {
  about: 'records of pax headers and access control lists in check, held against a writer',
  seeds: () =>
    [
      { path: 'a', size: '12', mtime: '1.5' },
      { 'SCHILY.acl.access': ACL, 'SCHILY.acl.default': 'u::rwx\ng::---#x\no::r--' },
      { 'SCHILY.xattr.security.capability': '\x01\0\0\x02', 'GNU.sparse.map': '0,1', uid: '-1', __proto: '' },
    ].map(records => Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value)))),
  words: [
    'path=',
    'linkpath=',
    'SCHILY.acl.access=',
    'LIBARCHIVE.xattr.',
    'SCHILY.xattr.',
    '\n',
    '\0',
    '= ',
    'user::',
    'mask:',
    ',',
    ACL,
  ],
  mend: mendLengths,
  run(input) {
    const header = parsePaxHeader(input)
    const { records, fault } = header
    const written = Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value, 'latin1')))
    // Keys are written as UTF-8.
    const isAscii = Object.keys(records).every(key => /^[^\u0080-\u{10ffff}]*$/u.test(key))
    if (isAscii) assert.deepEqual(parsePaxHeader(Buffer.concat(written)).records, records)
    if (fault === undefined) assert.ok(Buffer.concat(isAscii ? written : []).length <= input.length)
    for (const type of ['file', 'directory', 'symlink'] as const) {
      const outcome = aclOutcome(records, type)
      if (outcome && 'mode' in outcome) assert.ok(outcome.mode >= 0 && outcome.mode <= 0o777)
    }
    reportPaxHeader(header, false, (_, message) => assert.ok(message.length < 2500, 'a long message'))
  },
}

/** Counts each line anew that is like a record. */
function mendLengths(input: Uint8Array): Uint8Array {
  const lines = Buffer.from(input).toString('latin1').split('\n')
  const mended = lines.map(line => {
    const [, key, value] = /^\d* ([^=]*)=(.*)$/s.exec(line) ?? []
    if (key === undefined || value === undefined) return Buffer.from(`${line}\n`, 'latin1')
    return paxRecord(Buffer.from(key, 'latin1').toString(), Buffer.from(value, 'latin1'))
  })
  return Buffer.concat(mended)
}
