import { describe, expect, it } from 'vitest'
import { parsePackageName } from '../../../src/report/index.ts'

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
