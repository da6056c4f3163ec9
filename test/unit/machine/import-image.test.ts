import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { importImage, importLines } from '../../../src/machine/index.ts'
import { temporaryFolder } from '../../temporary.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A host whose commands note their arguments; `machinectl import-tar` makes machines. */
function fakeHost() {
  const bin = temporaryFolder()
  const state = temporaryFolder()
  const log = join(state, 'log')
  const script = `#!/bin/sh
case "$1" in
  show-image) test -e "${state}/machine-$2"; exit ;;
  import-tar) touch "${state}/machine-$3" ;;
  rename) mv "${state}/machine-$2" "${state}/machine-$3" ;;
esac
echo "$(basename "$0") $*" >> ${log}
! test -e "${state}/fails-$(basename "$0")-$2"
`
  for (const name of ['machinectl', 'systemctl', 'sleep', 'install']) {
    writeFileSync(join(bin, name), script)
    chmodSync(join(bin, name), 0o755)
  }
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
  return {
    records: join(state, 'records'),
    commands: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []),
    fail: (call: string) => writeFileSync(join(state, `fails-${call}`), ''),
  }
}

const NOTHING = { settings: undefined, replace: true, trustSettings: false, tell: () => {} }

describe('a machine', () => {
  it('is made of an image once, whatever file that was', async () => {
    const { records, commands } = fakeHost()
    const web = { ...NOTHING, machine: 'web', records }
    expect(await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBe(true)
    expect(await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBe(false)
    expect(commands()).toEqual(['machinectl import-tar /a/web.tar.xz web'])
    expect(await importImage({ ...web, image: '/b/web.tar.xz', sha256: 'b' })).toBe(true)
    // The image of the first file is no longer what the machine was made of.
    expect(await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBe(true)
    expect(await importLines({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBeUndefined()
  })

  it('is not made again of an image with which it did not run', async () => {
    const { records, commands, fail } = fakeHost()
    const web = { ...NOTHING, machine: 'web', records }
    await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })
    fail('systemctl-is-active')
    const next = { ...web, image: '/a/web.tar.xz', sha256: 'b' }
    await expect(importImage(next)).rejects.toMatchObject({ code: 'MACHINE_DOES_NOT_START' })
    const before = commands().length
    await expect(importImage(next)).rejects.toThrow(`remove web from ${join(records, 'machines.json')}`)
    expect(commands()).toHaveLength(before)
  })
})
