import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('codes of errors are unique: each is of one class', () => {
  const owners = new Map<string, string[]>()
  for (const file of globSync('src/**/{errors,*-error}.ts')) {
    const text = readFileSync(file, 'utf8')
    const [, union = ''] = /export type \w+ErrorCode =([\s\S]*?)\n\n/.exec(text) ?? []
    for (const [, code = ''] of union.matchAll(/'([A-Z0-9_]+)'/g)) owners.set(code, [...(owners.get(code) ?? []), file])
  }
  expect(owners.size).toBeGreaterThan(70)
  expect([...owners].filter(([, files]) => files.length > 1)).toEqual([])
})
