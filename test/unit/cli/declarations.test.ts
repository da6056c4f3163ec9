import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { manifestJsonSchema } from '../../../src/index.ts'
import { runCommand } from '../../command.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { ENDED, leaveScratch } from '../disk/scratch-folders.ts'

/** A folder with a store whose options are `place`, and a symlink `result` in `web`, where a starter may go. */
function createFolder() {
  const folder = temporaryFolder()
  const { toplevel, source } = createNixosStore(folder)
  const place = ['--store', source.store, '--closure-info', source.closureInfo, '--no-cache', '--workers', '1']
  return { folder, toplevel, place }
}

const run = (cwd: string, ...args: string[]) => runCommand(args, { cwd })

describe('nspawn-rootfs', () => {
  it('init writes what build builds, check takes, and nothing over what is there', async () => {
    const { folder, toplevel, place } = createFolder()
    const init = await run(folder, 'init', 'web', '--name', 'web', '--system', 'x86_64-linux')
    expect(init.stdout.toString().split('\n')).toEqual([
      ...['web/image.yaml', 'web/nixos/flake.nix', 'web/nixos/configuration.nix', ''],
      'nix build path:./web/nixos#nixosConfigurations.web.config.system.build.toplevel --out-link web/result',
      ...['nspawn-rootfs build web/image.yaml --out images', ''],
    ])
    symlinkSync(toplevel, join(folder, 'web/result'))
    const built = await run(folder, 'build', 'web/image.yaml', ...place, '--level', '0', '--out', 'images')
    expect(built).toMatchObject({ code: 0, stdout: expect.objectContaining({}) })
    expect(built.stderr).not.toContain('warning')
    const checked = await run(folder, 'check', 'images/web.tar.xz')
    expect([checked.code, checked.stdout.toString()]).toEqual([
      0,
      expect.stringMatching(/systemd 252 to 262 imports it\n$/),
    ])
    const again = await run(folder, 'init', 'web')
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('web/image.yaml, ')])
  })

  it('build takes a declaration without a closure, if options give one', async () => {
    const { folder, toplevel, place } = createFolder()
    writeFileSync(join(folder, 'image.yaml'), 'name: web\nfiles: { /a: { text: b } }\n')
    const build = ['build', 'image.yaml', '--level', '0', '--json']
    const refused = await run(folder, ...build)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('closure: is empty: give toplevel or')])
    const built = await run(folder, ...build, ...place, '--toplevel', toplevel)
    expect(JSON.parse(built.stdout.toString())).toMatchObject({ name: 'web' })
    // A list of store paths gives some, too.
    expect((await run(folder, ...build, ...place)).code).toBe(0)
  })

  it('init writes nothing for a name that no NixOS host can have', async () => {
    const { folder } = createFolder()
    const { code, stderr } = await run(folder, 'init', 'new', '--name', 'my.web')
    expect([code, stderr]).toEqual([2, expect.stringContaining('--name my.web: a NixOS host has a name of')])
    expect(existsSync(join(folder, 'new'))).toBe(false)
  })

  it('build takes a configuration along, in place of the declared one', async () => {
    const { folder, toplevel, place } = createFolder()
    mkdirSync(join(folder, 'nixos'))
    writeFileSync(join(folder, 'nixos/flake.nix'), '{ }\n')
    writeFileSync(
      join(folder, 'image.yaml'),
      'closure: { toplevel: x }\nfiles: { /etc/nixos/old.nix: { text: old } }\n',
    )
    const options = [...place, '--toplevel', toplevel, '--etc-nixos', 'nixos', '--format', 'tar']
    const tars = []
    for (const declared of [[], ['image.yaml']]) {
      const { code, stderr } = await run(folder, 'build', ...declared, ...options, '--name', 'web', '--out', 'images')
      expect([code, stderr]).toEqual([0, expect.anything()])
      tars.push(readFileSync(join(folder, 'images/web.tar')).toString('latin1'))
    }
    for (const tar of tars) {
      expect(tar).toContain('etc/nixos/flake.nix\0')
      expect(tar).not.toContain('old.nix')
    }
    const missing = await run(folder, 'build', ...options.map(option => (option === 'nixos' ? 'none' : option)))
    expect([missing.code, missing.stderr]).toEqual([1, `nspawn-rootfs: ${join(folder, 'none')} is not there\n`])
  })

  it.each(['tool', '123', 'true', 'null'])(
    'init --flavour plain --name %s writes what builds without NixOS',
    async name => {
      const { folder, toplevel, place } = createFolder()
      await run(folder, 'init', '--flavour', 'plain', '--name', name)
      const set = ['--set', `PROGRAM=${toplevel}`]
      const { code, stderr } = await run(folder, 'build', 'image.yaml', ...set, ...place, '--out', 'images')
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('warning')])
      const unset = await run(folder, 'build', 'image.yaml', ...place)
      expect(unset.stderr).toBe(
        'nspawn-rootfs: image.yaml:9:12: variables.PROGRAM: has no value of its own: give --set PROGRAM=VALUE\n',
      )
    },
  )

  it('build lets options count more than the declaration', async () => {
    const { folder, toplevel, place } = createFolder()
    writeFileSync(
      join(folder, 'image.yaml'),
      `name: declared\nclosure: { toplevel: /nix/store/none, caches: ["https://nowhere.invalid"] }\ncompression: { format: tar.gz }\n`,
    )
    const asked = ['--name', 'asked', '--toplevel', toplevel, '--format', 'tar']
    const { code, stderr } = await run(folder, 'build', 'image.yaml', ...asked, ...place, '--out', 'images')
    expect([code, stderr]).toEqual([0, expect.anything()])
    expect(existsSync(join(folder, 'images/asked.tar'))).toBe(true)
  })

  describe.each(['build', 'publish'])('%s, with options for compression over a declaration', command => {
    const runOver = async (compression: string, ...options: string[]) => {
      const { folder, toplevel, place } = createFolder()
      const [, store, , closureInfo] = place
      const closure = `closure: { toplevel: ${toplevel}, store: ${store}, closureInfo: ${closureInfo} }`
      writeFileSync(join(folder, 'web.yaml'), `name: web\n${closure}\ncompression: ${compression}\n`)
      const { code, stderr } = await run(folder, command, 'web.yaml', ...options, '--no-cache', '--out', 'images')
      const images = existsSync(join(folder, 'images')) ? readdirSync(join(folder, 'images')) : []
      return { code, stderr, image: images.find(name => /^web\.tar(\.\w+)?$/.test(name)) }
    }

    it.each([
      ['{ arm64Branches: true }', 'tar'],
      ['{ arm64Branches: true, level: 1 }', 'tar.gz'],
      ['{ arm64Branches: true, level: 1 }', 'tar.zst'],
      ['{ level: 1 }', 'tar'],
    ])('drops of %s what --format %s does not have', async (compression, format) => {
      expect(await runOver(compression, '--format', format)).toMatchObject({ code: 0, image: `web.${format}` })
    })

    it('refuses a level for the declared format tar, and says what to do', async () => {
      const message =
        'nspawn-rootfs: --level: web.yaml declares tar, which is not compressed; leave --level out, or give another --format\n'
      expect(await runOver('{ format: tar }', '--level', '3')).toMatchObject({ code: 2, stderr: message })
      const image = 'web.tar.gz'
      expect(await runOver('{ format: tar }', '--level', '3', '--format', 'tar.gz')).toMatchObject({ code: 0, image })
    })

    // Publish has no such option.
    if (command !== 'build') return
    it('refuses ARM64 branches for another declared format', async () => {
      const message =
        'nspawn-rootfs: --arm64-branches: is for --format tar.xz, but web.yaml declares tar.gz; ' +
        'leave it out, or give --format tar.xz\n'
      expect(await runOver('{ format: tar.gz }', '--arm64-branches')).toMatchObject({ code: 2, stderr: message })
      const options = ['--arm64-branches', '--format', 'tar.xz', '--level', '0']
      expect(await runOver('{ format: tar.gz }', ...options)).toMatchObject({ code: 0, image: 'web.tar.xz' })
    })
  })

  it('build says what is wrong with a declaration, each in a line, and leaves nothing', async () => {
    const { folder } = createFolder()
    writeFileSync(join(folder, 'image.yaml'), 'nam: x\nclosure: { toplevel: 7 }\n')
    const { code, stderr } = await run(folder, 'build', 'image.yaml', '--out', 'images')
    expect(code).toBe(1)
    expect(stderr).toBe(
      'nspawn-rootfs: image.yaml:1:1: nam: no such key; did you mean name?\n' +
        'image.yaml:2:22: closure.toplevel: give the NixOS system: a store path, or a symlink to one, not 7\n',
    )
    expect(existsSync(join(folder, 'images'))).toBe(false)
  })

  it('build and publish say where a toplevel or root is declared that is not in the store', async () => {
    const { folder, place } = createFolder()
    const [, store, , closureInfo] = place
    const missing = `/nix/store/${'a'.repeat(32)}-missing`
    for (const [closure, message] of [
      ['toplevel: ./none', /^nspawn-rootfs: closure\.toplevel \(image\.yaml:2:3\): .*\/none: not in the store/],
      ['roots: [/nix/store/x]', /^nspawn-rootfs: closure\.roots\[0\] \(image\.yaml:2:11\): not a store path/],
      [`roots: [${missing}]`, /^nspawn-rootfs: closure\.roots\[0\] \(image\.yaml:2:11\): .*-missing/],
    ] as const) {
      writeFileSync(
        join(folder, 'image.yaml'),
        `closure:\n  ${closure}\n  store: ${store}\n  closureInfo: ${closureInfo}\n`,
      )
      for (const command of ['build', 'publish']) {
        const { code, stderr } = await run(folder, command, 'image.yaml', '--no-cache', '--out', 'images')
        expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
      }
    }
  })

  it('build warns of settings that have no say in a file that is not trusted', async () => {
    const { folder, toplevel, place } = createFolder()
    const yaml = `name: web\nclosure: { toplevel: ${toplevel} }\nnspawn: { Exec: { Boot: true }, Network: { VirtualEthernet: false } }\n`
    writeFileSync(join(folder, 'image.yaml'), yaml)
    const { stderr } = await run(folder, 'build', 'image.yaml', ...place, '--level', '0')
    expect(stderr).toMatch(/^warning: web\.nspawn: .*\[Network\] VirtualEthernet/m)
    expect(stderr).toContain('install it as /etc/systemd/nspawn/web.nspawn')
    expect(stderr).not.toContain('Boot')
  })

  it('key generate makes a key that build signs with, and none over another', async () => {
    const { folder, toplevel, place } = createFolder()
    const made = await run(folder, 'key', 'generate', '--out', 'keys')
    expect(made.stdout.toString()).toContain('--keyring /etc/systemd/import-pubring.gpg --import keys/public.asc')
    expect(statSync(join(folder, 'keys/secret.asc')).mode & 0o777).toBe(0o600)
    const key = ['--sign-key', 'keys/secret.asc', '--level', '0', '--out', 'images']
    const built = await run(folder, 'build', '--toplevel', toplevel, ...place, ...key)
    expect(built.stdout.toString()).toContain('images/SHA256SUMS.gpg\nimages/SHA256SUMS.asc\n')
    const again = await run(folder, 'key', 'generate', '--out', 'keys')
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('keys/secret.asc: there already')])
    // Who does not sign leaves no signature of what is no longer so.
    await run(folder, 'build', '--toplevel', toplevel, ...place, '--name', 'other', '--level', '0', '--out', 'images')
    expect(existsSync(join(folder, 'images/SHA256SUMS.gpg'))).toBe(false)
  })

  it('key generate makes both files or none, and only their owner can change them', async () => {
    const folder = temporaryFolder()
    symlinkSync('nowhere', join(folder, 'public.asc'))
    const refused = await run(folder, 'key', 'generate', '--out', '.')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('public.asc: there already')])
    expect(readdirSync(folder)).toEqual(['public.asc'])
    const umask = process.umask(0)
    onTestFinished(() => void process.umask(umask))
    await run(folder, 'key', 'generate', '--out', 'keys')
    const modes = ['secret.asc', 'public.asc'].map(name => statSync(join(folder, 'keys', name)).mode & 0o777)
    expect(modes).toEqual([0o600, 0o644])
    expect(readdirSync(join(folder, 'keys'))).toEqual(['public.asc', 'secret.asc'])
  })

  it('key generate ends what one that was killed has begun, and makes no other key', async () => {
    const folder = temporaryFolder()
    await run(folder, 'key', 'generate', '--out', '.')
    const made = readFileSync(join(folder, 'public.asc'), 'utf8')
    const left = leaveScratch(folder, ENDED)
    const { mtimeNs, size } = statSync(join(folder, 'secret.asc'), { bigint: true })
    renameSync(join(folder, 'public.asc'), join(left, 'public.asc'))
    const moved = statSync(join(left, 'public.asc'), { bigint: true })
    const files = [
      { file: 'secret.asc', was: null, is: `100000-${size}-${mtimeNs}` },
      { file: 'public.asc', was: null, is: `100000-${moved.size}-${moved.mtimeNs}` },
    ]
    writeFileSync(join(left, '.change.json'), JSON.stringify({ files, outdated: [] }))
    const again = await run(folder, 'key', 'generate', '--out', '.')
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('secret.asc: there already')])
    expect(readFileSync(join(folder, 'public.asc'), 'utf8')).toBe(made)
    expect(readdirSync(folder)).toEqual(['public.asc', 'secret.asc'])
  })

  // What an overlay does with modes, overlay.test.ts tests.
  it('help and schema say that a file of an overlay can be executed if anybody may', async () => {
    const anybody = /0755 if anybody\s+may execute/
    expect((await run(temporaryFolder(), 'help', 'declaration')).stdout.toString()).toMatch(anybody)
    expect((await run(temporaryFolder(), 'schema')).stdout.toString()).toMatch(anybody)
  })

  it('schema prints what editors complete from', async () => {
    const { stdout } = await run(temporaryFolder(), 'schema')
    const schema = JSON.parse(stdout.toString())
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['name', 'closure', 'systemd', 'nspawn']))
    expect(schema.properties.nspawn.properties.Network.properties.VirtualEthernet.anyOf).toEqual([
      { type: 'boolean' },
      { type: 'string', pattern: '^\\$\\{[^}]*\\}$' },
    ])
    expect(schema.additionalProperties).toBe(false)
  })

  it('schema manifest prints the schema of manifests, and of nothing else', async () => {
    const { stdout } = await run(temporaryFolder(), 'schema', 'manifest')
    expect(JSON.parse(stdout.toString())).toEqual(manifestJsonSchema())
    const { code, stderr } = await run(temporaryFolder(), 'schema', 'images')
    expect([code, stderr]).toEqual([2, expect.stringContaining('Allowed choices are declaration, manifest')])
  })

  it('check ends with 1 for what systemd does not import, and lists its rules', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'a.tar'), Buffer.alloc(3 * 1024).fill('x'))
    const { code, stdout } = await run(folder, 'check', 'a.tar')
    expect([code, stdout.toString()]).toEqual([1, expect.stringMatching(/^error corrupt: /)])
    const rules = (await run(folder, 'check', '--rules')).stdout.toString()
    expect(rules).toMatch(/^device-node \(warning, systemd|^device-node \(warning \(systemd 259 and newer\)\)/m)
  })

  it('publish builds images, and says how to try them', async () => {
    const { folder, toplevel, place } = createFolder()
    const [, store, , closureInfo] = place
    const closure = `closure: { toplevel: ${toplevel}, store: ${store}, closureInfo: ${closureInfo} }`
    for (const name of ['web', 'db']) writeFileSync(join(folder, `${name}.yaml`), `name: ${name}\n${closure}\n`)
    const more = ['--out', 'srv', '--version-name', '1', '--level', '0', '--no-cache']
    const { code, stdout } = await run(folder, 'publish', 'web.yaml', 'db.yaml', ...more)
    expect([code, stdout.toString()]).toEqual([
      0,
      expect.stringMatching(
        /^web\.tar\.xz: .*\ndb\.tar\.xz: .*\npublished as 1 in srv\nnot signed: .*\nto try it: nspawn-rootfs serve srv\n$/,
      ),
    ])
    expect(readFileSync(join(folder, 'srv/SHA256SUMS'), 'utf8')).toMatch(
      /db\.tar\.xz\n.*db_1\.manifest\.json\n.*db_1\.tar\.xz\n.*web\.manifest\.json\n.*web\.tar\.xz\n/,
    )
  })

  it('publish gives the warnings of a build as text once, and as JSON', async () => {
    const { folder, toplevel, place } = createFolder()
    const [, store, , closureInfo] = place
    const closure = `closure: { toplevel: ${toplevel}, store: ${store}, closureInfo: ${closureInfo} }`
    writeFileSync(join(folder, 'web.yaml'), `name: web\n${closure}\nnspawn: { Files: { Bind: /srv } }\n`)
    const publish = [
      'publish',
      'web.yaml',
      '--out',
      'srv',
      '--level',
      '0',
      '--no-cache',
      '--version-name',
      '1',
      '--json',
    ]
    const { stdout, stderr } = await run(folder, ...publish)
    expect(JSON.parse(stdout.toString()).warnings).toMatchObject([{ code: 'SETTINGS_IGNORED' }])
    expect(stderr.match(/^warning: .*Bind/gm)).toHaveLength(1)
  })

  it('publish warns of lasting names that it takes away, and does not say that nothing has changed', async () => {
    const { folder, toplevel, place } = createFolder()
    const [, store, , closureInfo] = place
    const closure = `closure: { toplevel: ${toplevel}, store: ${store}, closureInfo: ${closureInfo} }`
    writeFileSync(join(folder, 'web.yaml'), `name: web\n${closure}\n`)
    const publish = ['publish', 'web.yaml', '--out', 'srv', '--level', '0', '--no-cache', '--version-name', '1']
    expect((await run(folder, ...publish, '--url', 'https://example.org')).code).toBe(0)
    const { code, stdout, stderr } = await run(folder, ...publish)
    expect([code, stdout.toString()]).toEqual([
      0,
      expect.stringMatching(/\nthe images have not changed since 1: no new version\n/),
    ])
    expect(stderr).toMatch(/^warning: web\.transfer: is no longer there: .*\(--url\)$/m)
  })
})
