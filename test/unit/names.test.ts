import { beforeAll, describe, expect, it } from 'vitest'
import { build, imageJsonSchema } from '../../src/index.ts'
import { runCommand } from '../command.ts'

/**
 * What an image may be asked for, in image.yaml, in a spec, and on the command line; `''` where there is no such thing. The last
 * words of the first two are the same, and so is that of the third, with dashes, unless it stands in {@link SHORTER}.
 */
const NAMES: [yaml: string, spec: string, option: string][] = [
  ['name', 'name', '--name'],
  ['system', 'system', '--system'],
  ['closure.toplevel', 'toplevel', '--toplevel'],
  ['closure.roots', 'roots', '--root'],
  ['closure.caches', 'source.caches', '--store'],
  ['closure.store', 'source.store', '--store'],
  ['closure.closureInfo', 'source.closureInfo', '--closure-info'],
  ['closure.exportFile', 'source.exportFile', '--export'],
  ['closure.narFiles', 'source.narFiles', '--nar'],
  ['closure.trustedPublicKeys', 'source.trustedPublicKeys', '--trusted-public-key'],
  ['closure.requireSignatures', 'source.requireSignatures', '--no-require-signatures'],
  ['closure.netrcFile', 'source.netrcFile', '--netrc-file'],
  ['', 'source.netrcText', ''],
  ['closure.tokenFile', 'source.tokenFile', '--token-file'],
  ['', 'source.tokens', ''],
  ['', 'source.stallTimeout', ''],
  ['', 'source.filesBelow', ''],
  ['systemd.machineId', 'systemd.machineId', ''],
  ['systemd.hostname', 'systemd.hostname', ''],
  ['systemd.locale', 'systemd.locale', ''],
  ['systemd.timezone', 'systemd.timezone', ''],
  ['systemd.resolvConf', 'systemd.resolvConf', ''],
  ['systemd.osRelease', 'systemd.osRelease', ''],
  ['systemd.gettys', 'systemd.gettys', ''],
  ['systemd.units', 'systemd.units', ''],
  ['systemd.presets', 'systemd.presets', ''],
  ['systemd.tmpfiles', 'systemd.tmpfiles', ''],
  ['systemd.sysusers', 'systemd.sysusers', ''],
  ['nspawn', 'nspawn', '--nspawn'],
  ['compression.format', 'format', '--format'],
  ['compression.level', 'level', '--level'],
  ['compression.arm64Branches', 'arm64Branches', '--arm64-branches'],
  ['signing.keyFile', 'signing.keyFile', '--sign-key'],
  ['signing.gpg', 'signing.gpg', '--sign-gpg'],
  ['signing.passphraseFile', 'signing.passphraseFile', '--passphrase-file'],
  // A spec holds what the declaration's files, links and overlays come to.
  ['files', '', ''],
  ['directories', '', ''],
  ['links', '', ''],
  ['overlays', '', ''],
  ['', 'entries', ''],
  ['variables', '', ''],
]

/** Options that may be given several times are singular; a store may be a cache; and who signs is said in front. */
const SHORTER = new Set(['--root', '--store', '--export', '--nar', '--trusted-public-key', '--no-require-signatures'])
const SIGNING = new Set(['--sign-key', '--sign-gpg'])

interface Schema {
  readonly properties: Readonly<Record<string, Schema>>
}

const lastOf = (path: string) => path.slice(path.lastIndexOf('.') + 1)
const dashed = (word: string) => `--${word.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

describe('names', () => {
  let schema: Schema
  let help: string
  beforeAll(async () => {
    schema = (await imageJsonSchema()) as Schema
    help = (await runCommand(['build', '--help'])).stdout.toString()
  })

  it.each(NAMES)('are the same: %s, %s, %s', (yaml, spec, option) => {
    if (yaml && spec) expect(lastOf(spec)).toBe(lastOf(yaml))
    if (option && !SHORTER.has(option) && !SIGNING.has(option)) expect(option).toBe(dashed(lastOf(spec)))
    if (option) expect(help).toContain(` ${option} `.replace(/ $/, ''))
  })

  it('of a declaration are all in the table', () => {
    const groups = ['closure', 'systemd', 'compression', 'signing']
    const keys = Object.entries(schema.properties).flatMap(([key, { properties }]) =>
      groups.includes(key) ? Object.keys(properties).map(inner => `${key}.${inner}`) : [key],
    )
    expect(keys.sort()).toEqual(NAMES.flatMap(([yaml]) => (yaml === '' ? [] : [yaml])).sort())
  })

  it('of a spec are those in the table, and no others', () => {
    const known = (group: string) => {
      try {
        const wrong = { '\0': 1 }
        build({ roots: ['x'], ...(group === '' ? wrong : { [group]: wrong }) } as never)
      } catch (error) {
        return /there may be (.*)$/.exec((error as Error).message)![1]!.split(', ')
      }
      throw new Error('was taken')
    }
    const groups = ['source', 'systemd', 'signing']
    const keys = ['', ...groups].flatMap(group => known(group).map(key => (group === '' ? key : `${group}.${key}`)))
    const listed = NAMES.flatMap(([, spec]) => (spec === '' ? [] : [spec]))
    const unlisted = [...groups, 'rootOrigins', 'systemd.origin', 'signing.passphrase']
    expect(keys.sort()).toEqual([...listed.filter(key => key !== 'signing.gpg'), ...unlisted].sort())
  })
})
