import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { type ImageSizes, sizesPage } from '../../../src/report/index.ts'
import { needs } from '../../programs.ts'
import { type OpenPageOptions, useChromium } from './chromium.ts'
import { HOSTILE_NAMES, pathOf, sizesOf, storePath } from './support.ts'

const program = needs('chromium')

const sizes = sizesOf([
  pathOf('nixos-system-web-25.11', 9000, ['nginx-1.28.0', 'perl-5.40.0', 'python3-3.13.1']),
  pathOf('glibc-2.40', 90_000, [], 'nixos-system-web-25.11'),
  pathOf('perl-5.40.0', 70_000, ['glibc-2.40'], 'nixos-system-web-25.11'),
  pathOf('nginx-1.28.0', 50_000, ['openssl-3.4.0', 'glibc-2.40'], 'nixos-system-web-25.11'),
  pathOf('python3-3.13.1', 40_000, ['glibc-2.40'], 'nixos-system-web-25.11'),
  pathOf('openssl-3.4.0', 30_000, ['glibc-2.40'], 'nginx-1.28.0'),
  ...Array.from({ length: 120 }, (_, i) => pathOf(`tool${i}-1.0`, 100 + i)),
])

describe.skipIf(program.skip)(`the page of sizes in Chromium${program.because}`, () => {
  const openPage = useChromium()

  async function open(shown: ImageSizes, options?: OpenPageOptions) {
    const opened = await openPage(sizesPage(shown, { title: 'web.tar.xz' }), options)
    await opened.page.locator('.cell').first().waitFor()
    return opened
  }

  const rows = (page: Page) => page.locator('tbody th').allInnerTexts()

  it('shows all store paths, and the toplevel at first', async () => {
    const { page, problems } = await open(sizes)
    expect(await page.title()).toBe('Sizes of web.tar.xz')
    expect(await page.locator('#summary').textContent()).toMatch(/in the file, .* unpacked, 126 store paths$/)
    expect(await page.locator('#details-title').textContent()).toBe('nixos-system-web-25.11')
    const areas = await page.locator('a.cell').evaluateAll(cells => cells.map(({ textContent }) => textContent))
    expect(areas.length).toBeGreaterThan(100)
    expect(await rows(page)).toHaveLength(100)
    await page.getByRole('button', { name: 'Show all 126' }).click()
    expect(await rows(page)).toHaveLength(126)
    expect(problems).toEqual([])
  })

  it('shows why the selected store path is there, and what it has to do with others', async () => {
    const { page, problems } = await open(sizes)
    await page.locator('tbody').getByRole('link', { name: 'openssl-3.4.0' }).click()
    const details = page.getByRole('region', { name: 'openssl-3.4.0' })
    await details.waitFor()
    expect(await details.locator('.path').textContent()).toBe(storePath('openssl-3.4.0'))
    const chain = await details.locator('.chain li').allInnerTexts()
    expect(chain).toEqual(['nixos-system-web-25.11', 'nginx-1.28.0', 'openssl-3.4.0'])
    expect(await details.getByText('Without').textContent()).toBe('Without nginx-1.28.0 it would not be here.')
    const lists = await details.locator('.sizes a').allInnerTexts()
    expect(lists).toEqual(['nginx-1.28.0', 'glibc-2.40'])
    expect(await page.locator('.cell[aria-current]').getAttribute('aria-label')).toMatch(
      /^openssl-3\.4\.0, Libraries, /,
    )
    await page.goBack()
    await page.getByRole('region', { name: 'nixos-system-web-25.11' }).waitFor()
    expect(problems).toEqual([])
  })

  it('opens at the store path in its address', async () => {
    const { page } = await open(sizes, { hash: `#${storePath('perl-5.40.0').slice('/nix/store/'.length)}` })
    expect(await page.locator('#details-title').textContent()).toBe('perl-5.40.0')
  })

  it('is used with the keyboard alone', async () => {
    const { page } = await open(sizes)
    await page.locator('#map a.cell[tabindex="0"]').focus()
    // Only one area is a stop.
    expect(await page.locator('#map a.cell[tabindex="0"]').count()).toBe(1)
    await page.keyboard.press('Home')
    const seen = new Set<string | null>()
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'End']) {
      await page.keyboard.press(key)
      seen.add(await page.evaluate('document.activeElement.getAttribute("aria-label")'))
    }
    expect(seen.size).toBeGreaterThan(2)
    const label = String(await page.evaluate('document.activeElement.getAttribute("aria-label")'))
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: label.split(',')[0]! }).waitFor()
    // What was selected is read out, and Tab goes on from there.
    expect(await page.evaluate('document.activeElement.id')).toBe('details')
  })

  it('is sorted by its headings', async () => {
    const { page } = await open(sizes)
    const heading = (name: string) => page.getByRole('columnheader', { name })
    expect(await heading('In file').getAttribute('aria-sort')).toBe('descending')
    expect((await rows(page))[0]).toBe('glibc-2.40')
    await page.getByRole('button', { name: 'In file' }).click()
    expect(await heading('In file').getAttribute('aria-sort')).toBe('ascending')
    expect((await rows(page))[0]).toBe('tool0-1.0')
    await page.getByRole('button', { name: 'Store path' }).click()
    expect(await heading('Store path').getAttribute('aria-sort')).toBe('ascending')
    expect(await heading('In file').getAttribute('aria-sort')).toBe('none')
    expect((await rows(page)).slice(0, 2)).toEqual(['glibc-2.40', 'nginx-1.28.0'])
  })

  it('is searched by names and hashes, and by kind', async () => {
    const { page } = await open(sizes)
    await page.getByLabel('Search').fill(' Perl')
    expect(await rows(page)).toEqual(['perl-5.40.0'])
    expect(await page.getByRole('status').textContent()).toMatch(/^1 store path, /)
    expect(await page.locator('a.cell:not(.pale)').count()).toBe(1)
    await page.getByLabel('Search').fill('')
    const libraries = page.getByRole('button', { name: /^Libraries/ })
    await libraries.click()
    expect(await libraries.getAttribute('aria-pressed')).toBe('true')
    expect(await rows(page)).toEqual(['glibc-2.40', 'openssl-3.4.0'])
    await libraries.click()
    expect(await rows(page)).toHaveLength(100)
  })

  it('shows names as they are, whatever they are', async () => {
    const { page, problems } = await open(
      sizesOf(HOSTILE_NAMES.map((name, i) => pathOf(name, 5000 - i, HOSTILE_NAMES))),
    )
    for (const link of await page.locator('tbody a').all()) await link.click()
    const shown = await rows(page)
    expect(shown.slice(0, 6)).toEqual(HOSTILE_NAMES.slice(0, 6))
    expect(shown.slice(6)).toEqual(['turned\\u{202e}txt.exe', 'line\\u{2028}end\\x00', '__proto__'])
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined()
    expect(problems).toEqual([])
  })

  it.each([360, 800, 1400])('fits into %i columns of pixels, light and dark', async width => {
    const colors = new Set<string>()
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, problems } = await open(sizes, { width, height: 800, colorScheme })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      const isOutside = 'cell => cell.offsetLeft + cell.offsetWidth > cell.parentElement.clientWidth'
      expect(await page.evaluate(`[...document.querySelectorAll('.cell')].filter(${isOutside}).length`)).toBe(0)
      colors.add(String(await page.evaluate('getComputedStyle(document.body).backgroundColor')))
      expect(problems).toEqual([])
    }
    expect(colors.size).toBe(2)
  })

  it('can be printed: in light colours that stay, as wide as the paper', async () => {
    const { page } = await open(sizes, { media: 'print', colorScheme: 'dark' })
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(28, 29, 31)')
    const adjusts = 'element => getComputedStyle(element).printColorAdjust'
    expect(
      await page.evaluate(
        `['.cell', '#legend .swatch', '.sizes li'].map(each => (${adjusts})(document.querySelector(each)))`,
      ),
    ).toEqual(['exact', 'exact', 'exact'])
    // At once, as printing does it: nothing is drawn anew before.
    const edges = `[...document.querySelectorAll('.cell')].map(cell => cell.offsetLeft + cell.offsetWidth)`
    const furthest = await page.evaluate(`document.getElementById('map').style.width = '400px', Math.max(...${edges})`)
    expect(furthest).toBe(400)
  })

  it('has its colours where a user has some for all pages', async () => {
    const { page } = await open(sizes, { forcedColors: 'active' })
    const colors = (selector: string) =>
      page.evaluate(
        `new Set([...document.querySelectorAll('${selector}')].map(each => getComputedStyle(each).backgroundColor)).size`,
      )
    expect(await colors('.cell')).toBe(5)
    expect(await colors('#legend .swatch')).toBe(4)
  })

  it('tells a screen reader what it has', async () => {
    const { page } = await open(sizes)
    const tree = await page.locator('body').ariaSnapshot()
    for (const part of [
      'heading "web.tar.xz" [level=1]',
      'region "Store paths by size"',
      'combobox "Size"',
      'group "Treemap of store paths.',
      /link "glibc-2\.40, Libraries, 30\.0\skB, [\d.]+\s%"/,
      'region "nixos-system-web-25.11"',
      'searchbox "Search"',
      'table "All store paths"',
      'rowheader "glibc-2.40"',
    ]) {
      expect(tree).toEqual(typeof part === 'string' ? expect.stringContaining(part) : expect.stringMatching(part))
    }
  })
})
