import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, type ImageEntry, type ImageSpec, type SystemdStubs } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { createManagedStore } from '../../unit/plan/stub-support.ts'

const programs = needs('systemctl', 'tar')

const UNIT = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n'

/** Builds an image with these files and unpacks it. Returns the folder. */
function unpackImage(files: Record<string, string>, systemd?: SystemdStubs): Promise<string> {
  return unpack({ ...imageOf(files), systemd })
}

function imageOf(files: Record<string, string>): ImageSpec {
  const store = createChrootStore(temporaryFolder())
  const roots = [store.add('empty', { children: {} })]
  const entries = Object.entries(files).map(([path, contents]): ImageEntry => ({ type: 'file', path, contents }))
  return { source: store.source, roots, entries }
}

/** The warnings of the build of such an image. */
async function warningsOf(files: Record<string, string>, systemd: SystemdStubs): Promise<string[]> {
  const { warnings } = await build({ ...imageOf(files), systemd }, { workers: 1 }).toFolder(temporaryFolder())
  return warnings.map(({ message }) => message)
}

/** The same of a NixOS system, with its units where its activation links them. systemctl would follow the link out of the folder. */
async function unpackNixos(units: Record<string, string>, systemd: SystemdStubs): Promise<string> {
  const { source, toplevel } = createManagedStore({ units })
  const root = await unpack({ source, toplevel, systemd })
  const [folder] = globSync('nix/store/*-system-units', { cwd: root })
  cpSync(join(root, folder), join(root, 'etc/systemd/system'), { recursive: true })
  return root
}

async function unpack(what: ImageSpec): Promise<string> {
  const spec = { ...what, name: 'x', format: 'tar' } as const
  const { image } = await build(spec, { workers: 1 }).toFolder(temporaryFolder())
  const root = join(temporaryFolder(), 'root')
  mkdirSync(root)
  execFileSync('tar', ['-xf', image, '-C', root, '--no-same-owner'])
  return root
}

function systemctl(root: string, ...args: string[]): string {
  const env = { ...process.env, LC_ALL: 'C' }
  const { stdout, stderr } = spawnSync('systemctl', [`--root=${root}`, ...args], { encoding: 'utf8', env })
  return (stdout + stderr).trim()
}

describe.skipIf(programs.skip)(`systemctl finds the units of an image${programs.because}`, () => {
  it.each([
    '/etc/systemd/system.control',
    '/etc/systemd/system',
    '/etc/systemd/system.attached',
    '/usr/local/lib/systemd/system',
    '/usr/lib/systemd/system',
  ])('that lie in %s, as the build does that enables them', async folder => {
    const files = { [`${folder}/app.service`]: UNIT }
    const link = 'etc/systemd/system/multi-user.target.wants/app.service'
    const theirs = await unpackImage(files)
    systemctl(theirs, 'enable', 'app.service')
    const ours = await unpackImage(files, { units: { 'app.service': { enable: true } }, gettys: false })
    expect(systemctl(ours, 'is-enabled', 'app.service')).toBe('enabled')
    expect(readlinkSync(join(ours, link))).toBe(readlinkSync(join(theirs, link)))
  })

  it('of which those of the administrator override others', async () => {
    const files = {
      '/usr/lib/systemd/system/app.service': UNIT.replace('multi-user', 'graphical'),
      '/etc/systemd/system/app.service': UNIT,
    }
    const root = await unpackImage(files, { units: { 'app.service': { enable: true } }, gettys: false })
    expect(systemctl(root, 'is-enabled', 'app.service')).toBe('enabled')
  })

  it('of which one can take the name of a unit of NixOS', async () => {
    const units = { 'mine.target': '[Unit]\n', 'default.target': '[Unit]\n' }
    const text = '[Install]\nAlias=default.target\n'
    const root = await unpackNixos(units, { units: { 'own.target': { text, enable: true } } })
    expect(systemctl(root, 'get-default')).toBe('own.target')
  })

  it.each([
    'mutli-user.target',
    'multi-user.target',
    'other.target',
    'at@x.target',
    'none@x.target',
    'default.target',
    'none.socket',
  ])('and warns as the build does if %s is to start one of them', async name => {
    const text = `[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=${name}\n`
    const files = {
      '/usr/lib/systemd/system/multi-user.target': '[Unit]\n',
      '/usr/lib/systemd/system/at@.target': '[Unit]\n',
      '/etc/systemd/system/other.target': '[Unit]\n',
      '/etc/systemd/system/app.service': text,
    }
    const theirs = systemctl(await unpackImage(files), 'enable', 'app.service').includes(`non-existent unit ${name}`)
    const systemd = { units: { 'app.service': { enable: true } }, gettys: false }
    const ours = (await warningsOf(files, systemd)).some(message => message.includes(`${name} is to start it, but`))
    expect(ours).toBe(theirs)
  })
})
