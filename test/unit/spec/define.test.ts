import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, define, type ImageDeclaration, type ImageSpec } from '../../../src/index.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

/** All kinds of things that a declaration may say. */
const declaration = (store: string, toplevel: string): ImageDeclaration => ({
  name: 'web-${RELEASE}',
  system: 'x86_64-linux',
  variables: { RELEASE: '25.05' },
  closure: { toplevel, store, closureInfo: './info' },
  overlays: { '/etc': { folder: './etc', owner: '0:100' }, '/': [{ folder: './rootfs' }] },
  files: {
    '/etc/motd': { text: 'Release ${RELEASE}, not $${RELEASE}\n' },
    '/root/.ssh/authorized_keys': { file: './keys', mode: '0600', owner: '1000:100' },
  },
  directories: { '/var/lib/app': { mode: '0750', owner: '1000:100' } },
  links: { '/etc/app': '../var/lib/app' },
  systemd: {
    machineId: 'uninitialized',
    hostname: 'web',
    locale: 'C.UTF-8',
    timezone: 'Europe/Berlin',
    resolvConf: 'stub',
    units: {
      'hello.service': {
        text: '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n',
        enable: true,
        dropIns: { '10-more.conf': { text: '[Service]\nType=oneshot\n' } },
      },
      'noise.service': { mask: true },
    },
    presets: { '50-web.preset': { text: 'enable hello.service\n' } },
    tmpfiles: { 'web.conf': { text: 'd /run/web\n' } },
    sysusers: { 'web.conf': { text: 'u web 1000\n' } },
  },
  nspawn: { Exec: { PrivateUsers: false }, Network: { VirtualEthernet: false } },
  compression: { format: 'tar' },
})

const YAML = `
name: web-\${RELEASE}
system: x86_64-linux
variables: { RELEASE: "25.05" }
closure:
  toplevel: TOPLEVEL
  store: STORE
  closureInfo: ./info
overlays:
  /etc: { folder: ./etc, owner: 0:100 }
  /: [{ folder: ./rootfs }]
files:
  /etc/motd:
    text: |
      Release \${RELEASE}, not $\${RELEASE}
  /root/.ssh/authorized_keys: { file: ./keys, mode: 0600, owner: "1000:100" }
directories:
  /var/lib/app: { mode: 0o750, owner: 1000:100 }
links:
  /etc/app: ../var/lib/app
systemd:
  machineId: uninitialized
  hostname: web
  locale: C.UTF-8
  timezone: Europe/Berlin
  resolvConf: stub
  units:
    hello.service:
      enable: true
      text: |
        [Service]
        ExecStart=/bin/true
        [Install]
        WantedBy=multi-user.target
      dropIns:
        10-more.conf: { text: "[Service]\\nType=oneshot\\n" }
    noise.service: { mask: true }
  presets: { 50-web.preset: { text: "enable hello.service\\n" } }
  tmpfiles: { web.conf: { text: "d /run/web\\n" } }
  sysusers: { web.conf: { text: "u web 1000\\n" } }
nspawn:
  Network: { VirtualEthernet: false }
  Exec: { PrivateUsers: false }
compression: { format: tar }
signing:
`

/** A folder with a store, what a declaration names, and the declaration. */
function createProject(umask = 0o022) {
  const folder = temporaryFolder()
  const store = createNixosStore(folder)
  const before = process.umask(umask)
  mkdirSync(join(folder, 'etc/app.d'), { recursive: true })
  writeFileSync(join(folder, 'etc/app.d/run'), '#!/bin/sh\n')
  chmodSync(join(folder, 'etc/app.d/run'), 0o700)
  writeFileSync(join(folder, 'etc/app.d/zzz ü'), 'x')
  symlinkSync('run', join(folder, 'etc/app.d/link'))
  mkdirSync(join(folder, 'rootfs/srv'), { recursive: true })
  writeFileSync(join(folder, 'rootfs/srv/a'), 'a')
  writeFileSync(join(folder, 'keys'), 'ssh-ed25519 AAAA\n')
  const yaml = YAML.replace('TOPLEVEL', store.toplevel).replace('STORE', store.source.store)
  writeFileSync(join(folder, 'image.yaml'), yaml)
  process.umask(before)
  return { folder, store, file: join(folder, 'image.yaml') }
}

async function digestsOf(spec: ImageSpec): Promise<Record<string, string>> {
  const { files } = await build(spec, { workers: 1, cache: false }).toFolder(join(temporaryFolder(), 'out'))
  return Object.fromEntries(
    files.map(file => [
      file.slice(file.lastIndexOf('/')),
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    ]),
  )
}

describe('a declaration', () => {
  it('gives the same bytes as YAML and as an object, from anywhere', async () => {
    const { folder, store, file } = createProject()
    const fromYaml = await digestsOf(await define(file))
    expect(await digestsOf(await define(declaration(store.source.store, store.toplevel), { folder }))).toEqual(fromYaml)
    expect(await digestsOf(await define(createProject(0o077).file))).toEqual(fromYaml)
    expect(Object.keys(fromYaml)).toContain('/web-25.05.tar')
  })

  it('takes values of variables from whoever builds', async () => {
    const { file } = createProject()
    const spec = await define(file, { set: { RELEASE: '26' } })
    expect(spec.name).toBe('web-26')
    const motd = spec.entries?.find(({ path }) => path === '/etc/motd')
    expect(motd).toMatchObject({ contents: 'Release 26, not ${RELEASE}\n' })
  })

  it('takes a variable alone for true, false and numbers, and for the same texts where text is wanted', async () => {
    const values = { T: 'true', F: 'false', N: '3', KEY: 'gettys' }
    const spec = await define({
      variables: values,
      closure: { roots: ['/nix/store/x'], requireSignatures: '${F}' as never },
      files: { '/a': { text: '${T}' }, '/b': { text: '${N}' } },
      systemd: { '${KEY}': '${T}', hostname: '${N}', osRelease: { ID: '${F}' } } as never,
      nspawn: { Exec: { OOMScoreAdjust: '${N}' as never, PrivateUsers: '${F}', Parameters: ['${T}'] } },
      compression: { level: '${N}' as never },
    })
    expect(spec).toMatchObject({
      source: { requireSignatures: false },
      entries: [{ contents: 'true' }, { contents: '3' }],
      systemd: { gettys: true, hostname: '3', osRelease: { ID: 'false' } },
      nspawn: { Exec: { OOMScoreAdjust: 3, PrivateUsers: false, Parameters: ['true'] } },
      level: 3,
    })
    const wrong = define({ variables: { G: 'yes' }, systemd: { gettys: '${G}' as never }, closure: { roots: ['/x'] } })
    await expect(wrong).rejects.toThrow('systemd.gettys: give true or false, not "yes"')
    const object = define({ systemd: { gettys: '${G}' as never }, closure: { roots: ['/x'] } })
    await expect(object).rejects.toThrow('systemd.gettys: give true or false, not "${G}"')
  })

  it('takes a slash at the end of a directory, as of an overlay', async () => {
    const directories = { '/var/lib/app/': { mode: '0700' } }
    const { entries } = await define({ closure: { roots: ['/x'] }, directories })
    expect(entries).toMatchObject([{ type: 'directory', path: '/var/lib/app', mode: 0o700 }])
  })

  it('reads modes as they are written', async () => {
    const { file } = createProject()
    const { entries = [] } = await define(file)
    const modes = Object.fromEntries(entries.map(entry => [entry.path, 'mode' in entry ? entry.mode : undefined]))
    expect(modes).toMatchObject({
      ...{ '/root/.ssh/authorized_keys': 0o600, '/var/lib/app': 0o750 },
      ...{ '/etc/app.d/run': 0o755, '/etc/app.d/zzz ü': 0o644 },
    })
  })

  it('names both who want the same file, with their lines', async () => {
    const { file } = createProject()
    writeFileSync(file, `${readFileSync(file, 'utf8').replace('/etc/motd:', '/etc/app.d/run:')}`)
    const message =
      /\/etc\/app\.d\/run: .*overlays\.\/etc \(.*image\.yaml:10:3\).*files\.\/etc\/app\.d\/run \(.*image\.yaml:13:3\)/
    await expect(digestsOf(await define(file))).rejects.toThrow(message)
  })

  it('cannot lay anything into the store, or below a symlink', async () => {
    const { file } = createProject()
    const yaml = readFileSync(file, 'utf8')
    writeFileSync(file, yaml.replace('/etc/motd:', '/nix/store/a:'))
    await expect(digestsOf(await define(file))).rejects.toThrow(/\/nix\/store\/a: .*files\.\/nix\/store\/a \(.*:13:3\)/)
    writeFileSync(file, yaml.replace('/etc/motd:', '/etc/app/a:'))
    await expect(digestsOf(await define(file))).rejects.toThrow(/\/etc\/app: a symlink, where .*links\.\/etc\/app/)
  })
})
