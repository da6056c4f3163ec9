import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkArchive } from '../../../src/check/index.ts'
import { needsRoot } from '../../system/support/root.ts'
import { temporaryFolder } from '../../temporary.ts'
import { makeOsTree, shell } from './archivers.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
  makeOsTree(folder)
})

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
    ['a directory for os-release', 'rm etc/os-release; mkdir etc/os-release', [], ''],
    ['a machine ID that is none', 'echo hello > etc/machine-id', ['machine-id'], 'machine ID'],
    ['a machine ID that is a directory', 'mkdir etc/machine-id', ['machine-id'], 'machine ID'],
    ['no machine ID yet', 'echo uninitialized > etc/machine-id', [], ''],
    ['a file for /run', 'touch run', ['mount-point'], 'Failed to mount'],
    ['a symlink to nothing for /proc', 'ln -s nowhere proc', [], ''],
    ['an init below the links that are added', 'rm -r sbin; mkdir usr/sbin; ln -s ../bin/init usr/sbin/init', [], ''],
  ])('with %s', async (_, change, expected, complaint) => {
    make(change)
    const { findings } = await checkArchive(join(folder, 'odd.tar'))
    expect(findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)).toEqual(expected)
    const said = says()
    if (complaint === '') expect(said).not.toMatch(/execv|doesn't look like|machine ID|Failed to mount/)
    else expect(said).toContain(complaint)
  })
})
