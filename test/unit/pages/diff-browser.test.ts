import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { diffPage, type ImageDiff } from '../../../src/report/index.ts'
import { needs } from '../../programs.ts'
import { type OpenPageOptions, useChromium } from './chromium.ts'
import { changeOf, diffOf, fileChangeOf, HOSTILE_NAMES, storePath } from './support.ts'

const program = needs('chromium')

const diff = diffOf({
  packages: [
    changeOf('nginx', ['1.26.2', '1.28.0'], [50_000, 90_000]),
    changeOf('perl', ['5.40.0', undefined], [70_000, 0], 'removed'),
    changeOf('jq', [undefined, '1.7'], [0, 30_000], 'added'),
    changeOf('tiny', ['1', '2'], [100, 101]),
    changeOf('glibc', ['2.40', '2.40'], [90_000, 90_000], 'rebuilt'),
    ...Array.from({ length: 120 }, (_, i) => changeOf(`tool${i}`, ['1.0', '1.1'], [5000, 6000 + i])),
  ],
  configuration: {
    changes: [
      fileChangeOf('/etc/systemd/system/nginx.service', '@@ -1,2 +1,2 @@\n [Service]\n-User=root\n+User=nginx'),
      { ...fileChangeOf('/etc/systemd/system/other.service', ''), isOnlyDigests: true },
      fileChangeOf('/etc/ssh/sshd_config', '@@ -1,1 +1,1 @@\n-PermitRootLogin yes\n+PermitRootLogin no'),
    ],
    omitted: 3,
  },
  files: {
    changes: [
      {
        ...fileChangeOf('/etc/motd', ''),
        ...{ kind: 'added', aspects: [], old: undefined, diff: undefined, withoutDiff: 'binary' },
      },
    ],
    omitted: 0,
  },
  settings: fileChangeOf('settings', '@@ -1,1 +1,1 @@\n-Boot=yes\n+Boot=no'),
})

describe.skipIf(program.skip)(`the page of differences in Chromium${program.because}`, () => {
  const openPage = useChromium()
  const open = (shown: ImageDiff, options?: OpenPageOptions) =>
    openPage(diffPage(shown, { oldTitle: 'old/web.tar.xz', newTitle: 'new/web.tar.xz' }), options)

  const rows = (page: Page) => page.locator('tbody th').allInnerTexts()
  const bars = (page: Page) => page.locator('#bars a').allInnerTexts()

  it('shows how sizes changed, and which packages did so most', async () => {
    const { page, problems } = await open(diff)
    expect(await page.title()).toBe('Differences: old/web.tar.xz → new/web.tar.xz')
    expect(await page.locator('#totals dd').allInnerTexts()).toEqual([
      '3.00\u00a0MB → 3.03\u00a0MB (+30.0\u00a0kB, +1.0\u00a0%)',
      '9.00\u00a0MB → 9.10\u00a0MB (+100\u00a0kB, +1.1\u00a0%)',
      '200 → 201 (+0.5\u00a0%)',
    ])
    const shown = await bars(page)
    expect(shown).toHaveLength(24)
    expect([shown[0], shown[1], shown.at(-1)]).toEqual(['nginx', 'jq', 'perl'])
    expect(await page.locator('#bars .rest').textContent()).toBe('100 smaller changes')
    // What grew lies to the right of zero, and what shrank to its left.
    const edges = await page
      .locator('#bars .bar-part')
      .evaluateAll(parts => parts.map(part => part.getBoundingClientRect()))
    const zero = await page.locator('#bars .zero').evaluate(line => line.getBoundingClientRect().left)
    expect(Math.abs(edges[0]!.left - zero)).toBeLessThan(2)
    expect(Math.abs(edges[23]!.right - zero)).toBeLessThan(2)
    expect(edges[23]!.width / edges[0]!.width).toBeCloseTo(70 / 40, 1)
    expect(problems).toEqual([])
  })

  it('shows the versions and store paths of the selected package', async () => {
    const { page, problems } = await open(diff)
    expect(await page.locator('#details').isVisible()).toBe(false)
    await page
      .locator('#bars')
      .getByRole('link', { name: /^nginx, upgraded, \+40\.0\skB$/ })
      .click()
    const details = page.getByRole('region', { name: 'nginx' })
    await details.waitFor()
    expect(await details.locator('dd').allInnerTexts()).toEqual([
      'upgraded',
      '1.26.2 → 1.28.0',
      '50.0\u00a0kB → 90.0\u00a0kB (+40.0\u00a0kB, +80.0\u00a0%)',
      '16.7\u00a0kB → 30.0\u00a0kB (+13.3\u00a0kB, +80.0\u00a0%)',
    ])
    expect(await details.locator('.path').allInnerTexts()).toEqual([
      storePath('nginx-1.26.2'),
      storePath('nginx-1.28.0'),
    ])
    expect(await page.evaluate('document.activeElement.id')).toBe('details')
    expect(await page.locator('#bars [aria-current]').allInnerTexts()).toEqual(['nginx'])
    await page.goBack()
    await details.waitFor({ state: 'hidden' })
    expect(problems).toEqual([])
  })

  it('opens at the package in its address', async () => {
    const { page } = await open(diff, { hash: '#perl' })
    expect(await page.locator('#details-title').textContent()).toBe('perl')
  })

  it('is sorted and searched, and shows one kind of change', async () => {
    const { page } = await open(diff)
    expect((await rows(page)).slice(0, 3)).toEqual(['perl', 'nginx', 'jq'])
    expect(await rows(page)).toHaveLength(100)
    await page.getByRole('button', { name: 'Show all 125' }).click()
    expect(await rows(page)).toHaveLength(125)
    await page.getByRole('button', { name: 'Package', exact: true }).click()
    expect(await page.getByRole('columnheader', { name: 'Package' }).getAttribute('aria-sort')).toBe('ascending')
    expect((await rows(page)).slice(0, 2)).toEqual(['glibc', 'jq'])
    await page.getByLabel('Search packages').fill('1.28')
    expect([await rows(page), await bars(page)]).toEqual([['nginx'], ['nginx']])
    expect(await page.locator('#count').textContent()).toBe('1 package, +40.0\u00a0kB unpacked')
    await page.getByLabel('Search packages').fill('')
    await page.getByRole('button', { name: /^rebuilt 1$/ }).click()
    expect(await rows(page)).toEqual(['glibc'])
    expect(await page.locator('#bars').textContent()).toBe('None of these packages is larger or smaller than before.')
  })

  it('compares sizes in the file, if they are known', async () => {
    const { page } = await open(diff)
    await page.getByRole('combobox').selectOption('in the file')
    expect(await page.locator('#bars li .number').first().textContent()).toBe('+13.3\u00a0kB')
    const { oldFileSize: _, newFileSize: __, ...change } = changeOf('a', ['1', '2'], [1, 2])
    const { page: other } = await open(diffOf({ packages: [change] }))
    expect(await other.locator('#measure option').allInnerTexts()).toEqual(['unpacked'])
    expect(await other.getByRole('columnheader').allInnerTexts()).toEqual(['Package', 'Change', 'Versions', 'Unpacked'])
  })

  it('has what differs in files folded', async () => {
    const { page, problems } = await open(diff)
    expect(await page.locator('#files h3').allInnerTexts()).toEqual([
      'Units of the system 1',
      'Configuration of the system 4, 1 listed',
      'Files outside of store paths 1',
      'Settings of systemd-nspawn 1',
    ])
    expect(await page.locator('#files-count').textContent()).toBe('7 files, 4 listed')
    expect(await page.locator('#files .note').allInnerTexts()).toEqual([
      '1 more differ only in the hashes of store paths.',
    ])
    expect(await page.locator('pre').count()).toBe(0)
    await page.locator('summary').first().focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('pre').textContent()).toBe('@@ -1,2 +1,2 @@\n [Service]\n-User=root\n+User=nginx\n')
    expect(await page.locator('pre .plus').textContent()).toBe('+User=nginx\n')
    await page.getByRole('button', { name: 'Unfold all' }).click()
    await page.locator('pre').nth(2).waitFor()
    await page.getByRole('button', { name: 'Fold all' }).click()
    expect(await page.locator('details[open]').count()).toBe(0)
    await page.getByLabel('Search files').fill('rootlogin')
    expect(await page.locator('#files .path').allInnerTexts()).toEqual(['/etc/ssh/sshd_config'])
    expect(await page.locator('#files-count').textContent()).toBe('1 file')
    expect(problems).toEqual([])
  })

  it('shows many files when they are asked for', async () => {
    const changes = Array.from({ length: 130 }, (_, i) => fileChangeOf(`/etc/${1000 + i}`, '@@ @@\n+x'))
    const { page } = await open(diffOf({ files: { changes, omitted: 0 } }))
    expect(await page.locator('#files details').count()).toBe(100)
    await page.getByRole('button', { name: '30 more' }).click()
    expect(await page.locator('#files details').count()).toBe(130)
    // Nothing is said of packages, where there are none.
    expect(await page.locator('table, #bars').count()).toBe(0)
  })

  it('says so if nothing differs', async () => {
    const { page, problems } = await open({ ...diffOf({}), isSame: true })
    expect(await page.locator('main').textContent()).toMatch(/^\s*Nothing differs\.\s*$/)
    expect(problems).toEqual([])
  })

  it('shows names and texts as they are, whatever they are', async () => {
    const changes = HOSTILE_NAMES.map(name => fileChangeOf(`/${name}`, `@@ @@\n+${name}`))
    const packages = HOSTILE_NAMES.map((name, i) => changeOf(name, [name, `${name}2`], [5000, 9000 - i]))
    const { page, problems } = await open(diffOf({ packages, files: { changes, omitted: 0 } }))
    for (const link of await page.locator('tbody a').all()) await link.click()
    await page.getByRole('button', { name: 'Unfold all' }).click()
    await page
      .locator('pre')
      .nth(HOSTILE_NAMES.length - 1)
      .waitFor()
    const odd = ['turned\\u{202e}txt.exe', 'line\\u{2028}end\\x00', '__proto__']
    expect(await rows(page)).toEqual([...HOSTILE_NAMES.slice(0, 6), ...odd])
    const paths = await page.locator('#files .path').allInnerTexts()
    expect(paths).toEqual([...HOSTILE_NAMES.slice(0, 6), ...odd].map(name => `/${name}`))
    expect(await page.locator('pre .plus').allTextContents()).toEqual(
      [...HOSTILE_NAMES.slice(0, 6), ...odd].map(name => `+${name}\n`),
    )
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined()
    expect(problems).toEqual([])
  })

  it.each([360, 800, 1400])('fits into %i columns of pixels, light and dark', async width => {
    const colors = new Set<string>()
    const long = changeOf('x'.repeat(200), ['1'.repeat(200), '2'.repeat(200)], [0, 1e5])
    const wide = {
      ...diff,
      packages: [long, ...diff.packages],
      settings: fileChangeOf('y'.repeat(300), `+${'z'.repeat(999)}`),
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, problems } = await open(wide, { width, height: 800, colorScheme, hash: `#${long.name}` })
      await page.getByRole('button', { name: 'Unfold all' }).click()
      await page.locator('pre').nth(2).waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      colors.add(String(await page.evaluate('getComputedStyle(document.body).backgroundColor')))
      expect(problems).toEqual([])
    }
    expect(colors.size).toBe(2)
  })

  it.each([{ media: 'print', colorScheme: 'dark' }, { forcedColors: 'active' }] as const)(
    'has colours on paper, and where a user has some for all pages: %j',
    async options => {
      const { page } = await open(diff, options)
      const valuesOf = async (property: string) => {
        const value = `part => getComputedStyle(part).${property}`
        return await page.evaluate(`[...new Set([...document.querySelectorAll('.bar-part, .swatch')].map(${value}))]`)
      }
      // Four kinds of changes, and the sum of small ones.
      expect(await valuesOf('backgroundColor')).toHaveLength(5)
      expect(await valuesOf('printColorAdjust')).toEqual(['exact'])
      if ('media' in options) {
        expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(28, 29, 31)')
      }
    },
  )

  it('tells a screen reader what it has', async () => {
    const { page } = await open(diff, { hash: '#nginx' })
    const tree = await page.locator('body').ariaSnapshot()
    for (const part of [
      'heading "old/web.tar.xz → new/web.tar.xz" [level=1]',
      'region "Packages by change of size"',
      'combobox "Size"',
      'group "Show one kind of change"',
      'list "Packages by change of size"',
      /link "perl, removed, −70\.0\skB"/,
      'region "nginx"',
      'searchbox "Search packages"',
      'table "Packages that changed"',
      'rowheader "nginx"',
      'region "Files that differ"',
      'heading "Units of the system 1" [level=3]',
    ]) {
      expect(tree).toEqual(typeof part === 'string' ? expect.stringContaining(part) : expect.stringMatching(part))
    }
  })
})
