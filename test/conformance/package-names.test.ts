import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareVersions, parseDrvName } from '../../src/report/index.ts'
import { needs } from '../programs.ts'

const nix = needs('nix-instantiate')

/** What an expression is, as JSON. */
function evaluate(expression: string): unknown {
  const options = ['--eval', '--strict', '--json', '--read-write-mode', '--store', 'dummy://', '-']
  return JSON.parse(
    execFileSync('nix-instantiate', options, { input: expression, stdio: ['pipe', 'pipe', 'ignore'] }).toString(),
  )
}

const list = (texts: readonly string[]) => `[${texts.map(text => JSON.stringify(text)).join(' ')}]`

/** Texts of what names and versions are made of. */
const piece = fc.constantFrom(
  ...['nginx', 'a', 'Z', 'pre', 'rc', 'unstable', 'lib32', '-', '-', '-', '.', '.', '_', '+', '?', '='],
  ...['0', '1', '2', '10', '007', '2147483647', '2147483648', '99999999999', '2024', '.-', 'pre1', '1pre', 'p'],
)
const name = fc.array(piece, { maxLength: 7 }).map(pieces => pieces.join(''))

describe.skipIf(nix.skip)(`names and versions as Nix reads them${nix.because}`, () => {
  it('are split alike', () => {
    const names = ['nginx-1.26.2', 'x', '-1', 'a-', 'a-b-c', 'a--b', 'linux-6.6-rc1', ...fc.sample(name, 2000)]
    const theirs = evaluate(`map builtins.parseDrvName ${list(names)}`)
    expect(names.map(each => parseDrvName(each))).toEqual(theirs)
  })

  it('are ordered alike', () => {
    const versions = ['1.0', '1.0pre1', '1.0a', '1.0.1', '', '1', '01', '1-1', ...fc.sample(name, 4000)]
    const pairs = versions.slice(1).map((version, i) => [versions[i]!, version] as const)
    const theirs = evaluate(
      `map (pair: builtins.compareVersions (builtins.elemAt pair 0) (builtins.elemAt pair 1)) [${pairs.map(list).join(' ')}]`,
    )
    expect(pairs.map(([a, b]) => compareVersions(a, b))).toEqual(theirs)
    expect(new Set(theirs as number[])).toEqual(new Set([-1, 0, 1]))
  })
})
