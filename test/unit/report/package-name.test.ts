import { describe, expect, it } from 'vitest'
import { parsePackageName, parseVersionedName } from '../../../src/report/package-name.ts'

describe('the name of a store path', () => {
  it.each([
    ['nginx-1.26.2', { name: 'nginx', version: '1.26.2' }],
    ['foo-1.2-dev', { name: 'foo', version: '1.2', output: 'dev' }],
    ['ca-certificates', { name: 'ca', version: '', output: 'certificates' }],
    ['--dev', { name: '-', version: '', output: 'dev' }],
  ])('is split as nix store diff-closures does it: %s', (name, parts) => expect(parsePackageName(name)).toEqual(parts))

  it.each(['-dev', '-foo', '-1.0', '-1.0-dev', '--', '-'])('is never split into an empty name: %s', name => {
    expect(parsePackageName(name)).toEqual({ name, version: '' })
  })
})

describe('the name of a store path in a bill of materials', () => {
  it.each([
    'ca-certificates',
    'etc-fstab',
    'unit-script-foo-start',
    'system-units',
    'foo-dev',
    'foo-lib32',
    '-dev',
    '-',
  ])('is whole without a version: %s', name => expect(parseVersionedName(name)).toEqual({ name, version: '' }))

  it.each([
    ['foo-1.2', { name: 'foo', version: '1.2' }],
    ['foo-1.2-dev', { name: 'foo', version: '1.2', output: 'dev' }],
    ['foo-bar-1.2-lib32', { name: 'foo-bar', version: '1.2', output: 'lib32' }],
  ])('has the output behind the version: %s', (name, parts) => expect(parseVersionedName(name)).toEqual(parts))
})
