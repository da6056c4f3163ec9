import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { encodeText } from '../../../src/bytes/index.ts'
import { readContents } from '../../../src/store/index.ts'
import { makeTree } from '../../make-tree.ts'
import { temporaryFolder } from '../../temporary.ts'
import { createRecordingSink } from './recording-sink.ts'

const order = vi.hoisted(() => ({ current: 'as it comes' }))

vi.mock('node:fs', async importOriginal => {
  const fs = await importOriginal<typeof import('node:fs')>()
  return {
    ...fs,
    readdirSync: (...args: Parameters<typeof fs.readdirSync>) => {
      const children = fs.readdirSync(...args).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      return order.current === 'falling' ? children.reverse() : children
    },
  }
})

it('contents do not depend on the order in which a file system lists them', () => {
  const path = join(temporaryFolder(), 'path')
  const names = Array.from({ length: 40 }, (_, i) => `${(i * 7) % 41}${'.-\xff'[i % 3]}`)
  const children = Object.fromEntries(names.map(name => [name, { contents: name }]))
  makeTree(Buffer.from(path), { children: { ...children, sub: { children } } })
  const read = (how: string) => {
    order.current = how
    const { sink, calls } = createRecordingSink()
    readContents(encodeText(path), sink)
    return calls
  }
  const rising = read('rising')
  expect(rising).toHaveLength(2 * (3 * 40) + 1 + 4)
  expect(read('falling')).toEqual(rising)
})
