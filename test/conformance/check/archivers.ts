import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Runs a shell line in `folder`, in the C locale. */
export function shell(folder: string, line: string): void {
  execFileSync('sh', ['-ec', line], {
    cwd: folder,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Makes `folder/tree`, which has nothing to find fault with: its init is a program of this machine. */
export function makeOsTree(folder: string): void {
  const tree = join(folder, 'tree')
  for (const path of ['etc', 'sbin', 'usr/bin', 'usr/lib']) mkdirSync(join(tree, path), { recursive: true })
  writeFileSync(join(tree, 'etc/os-release'), 'ID=test\n')
  writeFileSync(join(tree, 'usr/bin/init'), INIT, { mode: 0o755 })
  writeFileSync(join(tree, 'usr/lib/ä'), '')
  writeFileSync(join(tree, `usr/lib/${'n'.repeat(200)}`), Buffer.alloc(100_000, 'contents'))
  symlinkSync('../usr/bin/init', join(tree, 'sbin/init'))
}

/** An ELF file without an interpreter, as small as the rules need it. */
const INIT = Buffer.alloc(1024)
INIT.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
INIT.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18)

/** A Python script that writes `odd.tar`: the good tree's entries, and `lines` that may call `add(name, type, …)`. */
export function pythonArchive(lines: string, format = 'GNU'): string {
  return `python3 -c '
import io, tarfile
t = tarfile.open("odd.tar", "w", format=tarfile.${format}_FORMAT)
def add(name, type=tarfile.REGTYPE, data=b"", **fields):
    i = tarfile.TarInfo(name)
    i.type, i.size, i.mode = type, len(data), 0o755
    for key in fields: setattr(i, key, fields[key])
    t.addfile(i, io.BytesIO(data))
for name in ["etc", "sbin", "usr", "usr/bin"]: add(name, tarfile.DIRTYPE)
add("etc/os-release", data=b"ID=test\\n")
add("usr/bin/init", data=open("tree/usr/bin/init", "rb").read())
add("sbin/init", tarfile.SYMTYPE, linkname="../usr/bin/init")
${lines}
t.close()'`
}
