import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { latin1 } from '../../latin1.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { archiveOf } from '../../unit/tar/archive.ts'

const BINARY = Uint8Array.from({ length: 256 }, (_, i) => i)
/** A capability as the kernel keeps it: VFS_CAP_REVISION_2, effective, cap_net_raw. */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex')
const LONG = `${'l'.repeat(150)}/${'n'.repeat(150)}`

let folder = ''
let archive = ''
beforeEach(() => {
  folder = temporaryFolder()
  archive = join(folder, 'archive.tar')
  const file = (path: string, xattrs?: Record<string, Uint8Array>) => ({
    entry: { type: 'file' as const, path: latin1(path), mode: 0o644, ...(xattrs && { xattrs }) },
    contents: Buffer.from(path),
  })
  writeFileSync(
    archive,
    archiveOf([
      file('binary', { 'user.binary': BINARY, 'user.empty': new Uint8Array(0) }),
      file('plain'),
      {
        entry: {
          type: 'directory',
          path: latin1('l'.repeat(150)),
          mode: 0o755,
          xattrs: { 'user.folder': Buffer.from('x') },
        },
      },
      file(LONG, { 'user.long': Buffer.alloc(3000, 'v'), 'security.capability': CAPABILITY }),
    ]),
  )
})

const python = (script: string, ...args: string[]) =>
  JSON.parse(execFileSync('python3', ['-c', script, ...args], { encoding: 'utf8' }))

/** The attributes of unpacked files, as the kernel tells them, values in base 16. */
const READ_ATTRIBUTES = `
import json, os, sys
os.chdir(sys.argv[1])
paths = [os.path.relpath(os.path.join(at, name), ".") for at, ds, fs in os.walk(".") for name in ds + fs]
print(json.dumps({p: {n: os.getxattr(p, n).hex() for n in os.listxattr(p)} for p in paths if not p.endswith(".tar")}))`

const EXPECTED = {
  binary: { 'user.binary': Buffer.from(BINARY).toString('hex'), 'user.empty': '' },
  plain: {},
  ['l'.repeat(150)]: { 'user.folder': '78' },
  [LONG]: { 'user.long': '76'.repeat(3000), 'security.capability': CAPABILITY.toString('hex') },
}

const programs = needs('python3', 'tar', 'bsdtar')

describe.skipIf(programs.skip)(`extended attributes are unpacked by${programs.because}`, () => {
  it.each([
    ['tar', ['-xpf', '--xattrs', '--xattrs-include=*']],
    ['bsdtar', ['-xpf']],
  ])('%s', (program, [extract, ...options]) => {
    const unpacked = join(folder, 'unpacked')
    execFileSync('mkdir', [unpacked])
    execFileSync(program, [...options, '-C', unpacked, extract!, archive], { env: { ...process.env, LC_ALL: 'C' } })
    expect(python(READ_ATTRIBUTES, unpacked)).toEqual(EXPECTED)
  })
})

describe.skipIf(programs.skip)(`extended attributes are read by${programs.because}`, () => {
  it("python's tarfile", () => {
    const script = `
import json, sys, tarfile
t = tarfile.open(sys.argv[1], errors="surrogateescape")
value = lambda v: v.encode("utf-8", "surrogateescape").hex()
print(json.dumps({m.name: {k[len("SCHILY.xattr."):]: value(v) for k, v in m.pax_headers.items()} for m in t}))`
    expect(python(script, archive)).toEqual(EXPECTED)
  })
})
