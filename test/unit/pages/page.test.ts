import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { KINDS, kindOf } from '../../../src/pages/index.ts'
import { diffPage, sizesPage } from '../../../src/report/index.ts'
import { changeOf, diffOf, fileChangeOf, HOSTILE_NAMES, pathOf, sizesOf } from './support.ts'

const sizes = sizesOf(HOSTILE_NAMES.map((name, i) => pathOf(name, 1000 + i)))
const diff = diffOf({
  packages: HOSTILE_NAMES.map(name => changeOf(name, [name, undefined], [1000, 0], 'removed')),
  files: { changes: HOSTILE_NAMES.map(name => fileChangeOf(name, `+${name}`)), omitted: 0 },
})
const elementsOf = (page: string, name: string) =>
  [...page.matchAll(new RegExp(`<${name}\\b([^>]*)>([\\s\\S]*?)</${name}`, 'g'))].map(([, attributes, text]) => ({
    attributes: attributes!,
    text: text!,
  }))

describe.each([
  ['sizes', 'Sizes of ', (title: string) => sizesPage(structuredClone(sizes), { title })],
  [
    'differences',
    'Differences: old → ',
    (newTitle: string) => diffPage(structuredClone(diff), { oldTitle: 'old', newTitle }),
  ],
])('the page of %s', (_, heading, pageOf) => {
  it('is the same for the same image', () => {
    expect(pageOf('a')).toBe(pageOf('a'))
  })

  it('has names that stay data', () => {
    const page = pageOf('</title><script>hacked()</script>&"')
    const [data, script, ...others] = elementsOf(page, 'script')
    expect(others).toEqual([])
    const { paths, packages } = JSON.parse(data!.text)
    expect(paths ?? packages).toHaveLength(HOSTILE_NAMES.length)
    expect(data!.text).not.toMatch(/[<\u2028\u202e]/)
    expect(script!.attributes).toBe(' type="module"')
    expect(elementsOf(page, 'title')[0]!.text).toBe(
      `${heading}&lt;/title&gt;&lt;script&gt;hacked()&lt;/script&gt;&amp;&quot;`,
    )
  })

  it('lets nothing run but its own script, and asks nobody for anything', () => {
    const page = pageOf('a')
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(page) ?? []
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      'img-src data:',
      `style-src ${hash(elementsOf(page, 'style')[0]!.text)}`,
      `script-src ${hash(elementsOf(page, 'script')[1]!.text)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ])
    const markup = page.replace(elementsOf(page, 'script')[0]!.text, '')
    expect(markup.match(/\son[a-z]+=|\sstyle="|https?:\/\//g)).toBeNull()
  })
})

describe('the kind of a store path', () => {
  it.each([
    ['coreutils-9.1', 'Programs'],
    ['glibc-2.40-66', 'Libraries'],
    ['libicu72-72.1-3', 'Libraries'],
    ['gcc-13.3.0-lib', 'Libraries'],
    ['python3.12-requests-2.32.3', 'Interpreters and modules'],
    ['perl-5.40.0', 'Interpreters and modules'],
    ['linux-6.12.8', 'Kernel and firmware'],
    ['linux-firmware-20250109', 'Kernel and firmware'],
    ['linux-pam-1.6.1', 'Programs'],
    ['glibc-locales-2.40-66', 'Data'],
    ['tzdata-2025a', 'Data'],
    ['coreutils-9.1-info', 'Documentation and headers'],
    ['nixos-manual-html', 'Documentation and headers'],
    ['nixos-system-web-25.11', 'System and settings'],
    ['unit-nginx.service', 'System and settings'],
    ['etc', 'System and settings'],
  ])('%s: %s', (name, kind) => expect(KINDS[kindOf(name)]).toBe(kind))
})
