import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkArchive, concerns } from '../../../src/check/index.ts'
import { needs } from '../../programs.ts'
import { systemdFolder } from '../../system/support/machines.ts'
import { needsRoot } from '../../system/support/root.ts'
import { temporaryFolder } from '../../temporary.ts'
import { makeOsTree, pythonArchive, shell } from './archivers.ts'

/** Whether an archive is to be imported, its name, and the shell line that makes `odd.tar`. */
const ARCHIVES: readonly (readonly [boolean, string, string])[] = [
  [true, 'nothing odd', pythonArchive('')],
  [true, 'pax records', pythonArchive('add("ä"*60)', 'PAX')],
  [true, 'an absolute path', pythonArchive('add("/usr/a")')],
  [true, 'no directory', pythonArchive('add("var/a/b")')],
  [true, 'a file twice', pythonArchive('add("usr/a")\nadd("usr/a")')],
  [true, 'a device', pythonArchive('add("usr/null", tarfile.CHRTYPE, devmajor=1, devminor=3)')],
  [true, 'a pipe', pythonArchive('add("usr/pipe", tarfile.FIFOTYPE)')],
  [true, 'large IDs', pythonArchive('add("usr/a", uid=70000, gid=3000000)')],
  [true, 'a file below a symlink', pythonArchive('add("usr/l", tarfile.SYMTYPE, linkname="bin")\nadd("usr/l/a")')],
  [true, 'a hard link', pythonArchive('add("usr/a", tarfile.LNKTYPE, linkname="usr/bin/init")')],
  [true, '128 levels', pythonArchive('for n in range(1, 129): add("/".join("d" * n), tarfile.DIRTYPE)')],
  [true, 'zeros behind its end', `${pythonArchive('')}; head -c 500000 /dev/zero >> odd.tar`],
  [true, 'another archive behind it', `${pythonArchive('')}; cp odd.tar copy.tar; cat copy.tar >> odd.tar`],
  [true, 'no end', `${pythonArchive('')}; truncate -s 7168 odd.tar`],
  [true, 'few bytes behind its end', `${pythonArchive('')}; echo x >> odd.tar`],
  [
    true,
    'two xz streams',
    `${pythonArchive('')}; (head -c 3000 odd.tar | xz; tail -c +3001 odd.tar | xz) > t; mv t odd.tar`,
  ],
  [false, 'two dots in a path', pythonArchive('add("usr/../a")')],
  [false, 'a file below a file', pythonArchive('add("etc/os-release/a")')],
  [
    false,
    'a file below a symlink that leads out',
    pythonArchive('add("usr/l", tarfile.SYMTYPE, linkname="/usr/bin")\nadd("usr/l/a")'),
  ],
  [false, 'a hard link to nothing', pythonArchive('add("usr/a", tarfile.LNKTYPE, linkname="usr/b")')],
  [false, 'a hard link to a directory', pythonArchive('add("usr/a", tarfile.LNKTYPE, linkname="usr/bin")')],
  [false, 'a long name', pythonArchive('add("usr/" + "n" * 256)')],
  [false, 'blocks of data behind its end', `${pythonArchive('')}; seq 1000 >> odd.tar`],
  [
    false,
    'an end in the middle of a file',
    `${pythonArchive('add("usr/z", data=b"z" * 9000)')}; truncate -s 9000 odd.tar`,
  ],
  [false, 'an lz4 magic', `${pythonArchive('')}; (printf '\\004"M\\030'; cat odd.tar) > t; mv t odd.tar`],
  [false, 'garbage', 'seq 10000 > odd.tar'],
  [false, 'nothing at all', ': > odd.tar'],
  [
    false,
    'two bzip2 streams',
    `${pythonArchive('')}; (head -c 3000 odd.tar | bzip2; tail -c +3001 odd.tar | bzip2) > t; mv t odd.tar`,
  ],
  [false, 'a gzip file and a byte', `${pythonArchive('')}; (gzip -c odd.tar; echo) > t; mv t odd.tar`],
  [
    false,
    'damaged xz',
    `${pythonArchive('')}; xz odd.tar; printf x | dd of=odd.tar.xz bs=1 seek=60 conv=notrunc status=none; mv odd.tar.xz odd.tar`,
  ],
]

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
  makeOsTree(folder)
})

/** Whether systemd-import takes an archive. Some make it run for ever, deaf to all but SIGKILL. */
function isImported(): boolean {
  const machines = join(folder, 'machines')
  mkdirSync(machines)
  const args = ['--sync=no', '--image-root', machines, 'tar', join(folder, 'odd.tar'), 'odd']
  try {
    execFileSync(join(systemdFolder()!, 'systemd-import'), args, {
      timeout: 10_000,
      killSignal: 'SIGKILL',
      stdio: 'pipe',
    })
  } catch {
    return false
  }
  return existsSync(join(machines, 'odd/usr/bin/init'))
}

const python = needs('python3', 'xz', 'gzip', 'bzip2')
const root = needsRoot('tar')
const version = versionOfSystemd()

describe.skipIf(python.skip)(`an archive with${python.because}`, () => {
  it.each(ARCHIVES)('(to be imported by systemd 252: %s) %s is told', async (isGood, _, line) => {
    shell(folder, line)
    const { findings } = await checkArchive(join(folder, 'odd.tar'))
    const errors = findings.filter(each => each.severity === 'error' && concerns(each, 252))
    expect(errors.map(({ rule, message }) => `${rule}: ${message}`)).toEqual(isGood ? [] : [expect.anything()])
  })
})

const importer = version === undefined ? ' (skipped: install systemd-container)' : ''
describe.skipIf(python.skip || root.skip || !version)(
  `systemd-import${python.because}${root.because}${importer}`,
  () => {
    it.each(ARCHIVES)('(%s) agrees about an archive with %s', async (_, _name, line) => {
      shell(folder, line)
      const { findings } = await checkArchive(join(folder, 'odd.tar'))
      const errors = findings.filter(each => each.severity === 'error' && concerns(each, version!))
      expect(isImported(), JSON.stringify(errors)).toBe(errors.length === 0)
    })
  },
)

const nspawn = needsRoot('systemd-nspawn', 'tar', 'cp')
describe.skipIf(nspawn.skip)(`systemd-nspawn --boot${nspawn.because}`, () => {
  /** The tree of this machine that init needs, in an image of its own, changed by a shell line. */
  const make = (change: string) => {
    shell(
      folder,
      `rm -r tree; mkdir -p tree/etc tree/sbin tree/usr/bin tree/usr/lib; cd tree
      cp -L /etc/os-release etc/; cp -L /usr/bin/true usr/bin/init
      for library in $(ldd usr/bin/init 2>/dev/null | grep -o '/[^ ]*'); do mkdir -p ".$(dirname "$library")"; cp -L "$library" ".$library"; done
      ln -s ../usr/bin/init sbin/init; ${change}; tar -c --sort=name -f ../odd.tar *`,
    )
    renameSync(join(folder, 'tree'), join(folder, 'machine'))
  }
  const says = () => {
    const args = [
      '--quiet',
      '--directory',
      join(folder, 'machine'),
      '--boot',
      '--register=no',
      '--keep-unit',
      '--console=pipe',
    ]
    try {
      return execFileSync('systemd-nspawn', args, {
        encoding: 'utf8',
        stdio: 'pipe',
        timeout: 10_000,
        killSignal: 'SIGKILL',
      })
    } catch (error) {
      return (error as { stderr: string }).stderr
    }
  }

  it.each([
    ['nothing wrong', ':', [], ''],
    ['no os-release', 'rm etc/os-release', ['os-release'], "doesn't look like"],
    ['an absolute link to os-release', 'mv etc/os-release usr/lib; ln -s /usr/lib/os-release etc', [], ''],
    ['an init that is not executable', 'chmod -x usr/bin/init', ['init'], 'execv'],
    ['an init that is text', 'echo hello > usr/bin/init', ['init'], 'execv'],
    ['an init whose interpreter is missing', `printf '#!/nowhere\\n' > usr/bin/init`, ['init'], 'execv'],
    ['an init that leads to nothing', 'ln -sf nowhere sbin/init', ['init'], 'execv'],
    ['an init below the links that are added', 'rm -r sbin; mkdir usr/sbin; ln -s ../bin/init usr/sbin/init', [], ''],
  ])('with %s', async (_, change, expected, complaint) => {
    make(change)
    const { findings } = await checkArchive(join(folder, 'odd.tar'))
    expect(findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)).toEqual(expected)
    const said = says()
    if (complaint === '') expect(said).not.toMatch(/execv|doesn't look like/)
    else expect(said).toContain(complaint)
  })
})

function versionOfSystemd(): number | undefined {
  const programs = systemdFolder()
  if (programs === undefined) return undefined
  const printed = execFileSync(join(programs, 'systemd-import'), ['--version'], { encoding: 'utf8' })
  return Number(/^systemd (\d+)/.exec(printed)?.[1])
}
