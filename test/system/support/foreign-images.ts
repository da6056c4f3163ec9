/** Images that other tools make of one small tree. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeOsTree } from '../../conformance/check/archivers.ts'

/** The programs that it takes. */
export const FOREIGN_PROGRAMS = [
  ...['tar', 'bsdtar', 'python3', 'mmdebstrap', 'git'],
  ...['xz', 'pixz', 'gzip', 'bzip2', 'zstd', 'pzstd', 'lz4'],
] as const

/** Shell lines that write `image`, run where `tree` is; by what makes it. */
const LINES: Readonly<Record<string, string>> = {
  ...gnuTar('gnu', 'oldgnu', 'posix', 'ustar', 'v7'),
  'GNU tar of "."': 'tar -c --sort=name -C tree . > image',
  'GNU tar in the order of the disk': 'tar -c -C tree etc sbin usr var > image',
  'GNU tar with attributes': 'tar -c --sort=name --xattrs --xattrs-include="*" -C tree . > image',
  'GNU tar with attributes of users': 'tar -c --sort=name --xattrs --xattrs-include="user.*" -C tree . > image',
  'GNU tar with lists': 'tar -c --sort=name --acls -C tree . > image',
  'GNU tar, sparse, oldgnu': 'tar -cS --sort=name --format=oldgnu -C tree . > image',
  ...Object.fromEntries(
    ['0.0', '0.1', '1.0'].map(version => [
      `GNU tar, sparse ${version}`,
      `tar -cS --sort=name --format=posix --sparse-version=${version} -C tree . > image`,
    ]),
  ),
  'GNU tar, incremental': 'tar -c --sort=name --format=gnu -g list -C tree etc sbin usr var > image',
  'GNU tar, incremental, posix': 'tar -c --sort=name --format=posix -g list -C tree etc sbin usr var > image',
  'GNU tar with a label': 'tar -c --sort=name --label=test -C tree . > image',
  'GNU tar with a label, posix': 'tar -c --sort=name --format=posix --label=test -C tree . > image',
  'GNU tar, the last of its volumes':
    'tar -c --sort=name -M -L 60 --new-volume-script=true -C tree -f image etc sbin usr var',
  'GNU tar with a comment for all': 'tar -c --sort=name --format=posix --pax-option=comment=x -C tree . > image',
  'GNU tar with a time for all':
    'tar -c --sort=name --format=posix --pax-option=globexthdr.name=g,mtime=1 -C tree . > image',
  'GNU tar without times of access':
    'tar -c --sort=name --format=posix --pax-option=delete=atime,delete=ctime -C tree . > image',
  'GNU tar with absolute paths': `tar -cP --sort=name --transform='s,^tree,,' tree/etc tree/sbin tree/usr > image`,
  'GNU tar with a top folder': `tar -c --sort=name --transform='flags=r;s,^[.],rootfs,' -C tree . > image`,
  'GNU tar with a large owner': 'tar -c --sort=name --owner=3000000 --group=3000000 -C tree . > image',
  'GNU tar with a large owner, posix': 'tar -c --sort=name --format=posix --owner=3000000 -C tree . > image',
  'GNU tar of 1960': 'tar -c --sort=name --mtime=1960-01-01 -C tree . > image',
  'GNU tar of 1960, posix': 'tar -c --sort=name --format=posix --mtime=1960-01-01 -C tree . > image',
  'GNU tar in blocks of 1 MiB': 'tar -c -b 2048 --sort=name -C tree . > image',
  'GNU tar that appends': 'tar -c -C tree -f image etc sbin; tar -r -C tree -f image usr',
  'GNU tar that appends again':
    'tar -c -C tree -f image etc sbin usr; tar -r -C tree -f image etc/os-release usr/bin/init',
  'GNU tar that updates hard links':
    'tar -c -C tree -f image etc sbin usr; tar -r -C tree -f image usr/lib/one usr/lib/two',
  'GNU tar that concatenates': 'tar -c -C tree -f image etc sbin; tar -c -C tree -f more usr; tar -A -f image more',
  'two archives in one': '(tar -c -C tree usr; tar -c -C tree etc sbin) > image',
  ...bsdtar('gnutar', 'pax', 'paxr', 'ustar', 'v7', 'cpio', 'newc'),
  'bsdtar with attributes and lists': 'bsdtar -c --xattrs --acls --format=pax -C tree . > image',
  'bsdtar with lists only': 'bsdtar -c --no-xattrs --acls --format=pax -C tree . > image',
  'bsdtar with lists as numbers': 'bsdtar -c --no-xattrs --acls --numeric-owner --format=pax -C tree . > image',
  'bsdtar with attributes of users': `${python3(`os.removexattr("tree/usr/lib/attribute", "security.ima")`)}; bsdtar -c --xattrs --no-acls --format=pax -C tree . > image`,
  ...python('USTAR', 'GNU', 'PAX'),
  'git archive': `git init -q tree; git -C tree add -f etc sbin usr/bin; git -C tree -c user.name=x -c user.email=x commit -qm x; git -C tree archive HEAD > image`,
  mmdebstrap: `mmdebstrap --quiet --variant=extract --include=base-files bookworm image.tar; mv image.tar image`,
  'a layer with whiteouts': 'touch tree/usr/.wh.lib64 tree/usr/bin/.wh..wh..opq; tar -c --sort=name -C tree . > image',
  'a layer of overlayfs': `mknod tree/usr/gone c 0 0; ${python3(`os.setxattr("tree/usr/bin", "trusted.overlay.opaque", b"y")`)}; tar -c --sort=name --xattrs --xattrs-include="*" -C tree . > image`,
  ...compressed({
    pixz: 'pixz',
    'pixz -t': 'pixz -t',
    'xz -T2': 'xz -T2 --block-size=65536',
    'xz -0 without a check': 'xz -0 --check=none',
    'xz with SHA-256': 'xz --check=sha256',
    'xz for x86': 'xz --x86 --lzma2=preset=1',
    'xz --format=lzma': 'xz --format=lzma',
    'gzip -1': 'gzip -1',
    'bzip2 -1': 'bzip2 -1',
    'zstd -19': 'zstd -q -19',
    'zstd --long': 'zstd -q --long=27',
    'zstd --long=31': 'zstd -q --ultra --long=31',
    'zstd without a checksum': 'zstd -q --no-check',
    pzstd: 'pzstd -q -c',
    lz4: 'lz4 -q',
    'xz in two streams': 'split -b 50000 --filter=xz',
    'bzip2 in two streams': 'split -b 50000 --filter=bzip2',
    'gzip and bytes behind it': 'gzip; echo',
    'bzip2 and bytes behind it': 'bzip2; echo',
    'xz and bytes behind it': 'xz; echo',
  }),
}

/** A line of Python. */
function python3(line: string): string {
  return `python3 -c 'import os; ${line}'`
}

function gnuTar(...formats: string[]): Record<string, string> {
  return Object.fromEntries(
    formats.map(format => [
      `GNU tar --format=${format}`,
      // What a format cannot hold, GNU tar leaves out.
      `tar -c --sort=name --format=${format} -C tree etc sbin usr var > image || test $? = 2`,
    ]),
  )
}

function bsdtar(...formats: string[]): Record<string, string> {
  return Object.fromEntries(
    formats.map(format => [
      `bsdtar --format=${format}`,
      `bsdtar -c --no-xattrs --no-acls --format=${format} -C tree etc sbin usr > image || test $? = 1`,
    ]),
  )
}

function python(...formats: string[]): Record<string, string> {
  const program = (format: string) =>
    `import tarfile; t = tarfile.open("image", "w", format=tarfile.${format}_FORMAT); t.add("tree", "."); t.close()`
  // What does not fit into a name of ustar is an error there.
  return Object.fromEntries(
    formats.map(format => [
      `Python, ${format}`,
      `${format === 'USTAR' ? 'rm tree/usr/lib/n*; ' : ''}python3 -c '${program(format)}'`,
    ]),
  )
}

/** With a file that has to be unpacked in pieces. */
function compressed(programs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [
      name,
      `seq 30000 > tree/usr/lib/numbers; tar -c --sort=name -C tree etc sbin usr | (${program}) > image`,
    ]),
  )
}

/** Their names. */
export const FOREIGN_IMAGES: readonly string[] = Object.keys(LINES)

/** What the tree has besides a machine: links of both kinds, a pipe, a sparse file, attributes, lists. */
const MORE = `
mkdir -p var/lib usr/lib/lists
echo one > usr/lib/one; ln usr/lib/one usr/lib/two; ln -s one usr/lib/three; mkfifo usr/lib/pipe
truncate -s 300k usr/lib/sparse; echo end >> usr/lib/sparse
echo > usr/lib/attribute; python3 -c '
import os, struct
os.setxattr("usr/lib/attribute", "user.test", b"1")
os.setxattr("usr/lib/attribute", "security.ima", b"1")
entries = [(1, 7, 2**32 - 1), (2, 5, 1000), (4, 5, 2**32 - 1), (16, 5, 2**32 - 1), (32, 4, 2**32 - 1)]
acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)
os.setxattr("usr/lib/lists", "system.posix_acl_access", acl)
os.setxattr("usr/lib/lists", "system.posix_acl_default", acl)
'`

/** Makes an image in a new folder, and returns its path. */
export function makeForeignImage(name: string, folder: string): string {
  mkdirSync(folder)
  makeOsTree(folder)
  const shell = (line: string, cwd: string) =>
    execFileSync('sh', ['-ec', line], { cwd, env: { ...process.env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'] })
  shell(MORE, join(folder, 'tree'))
  shell(LINES[name]!, folder)
  return join(folder, 'image')
}
