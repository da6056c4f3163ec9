import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { pathOfProgram } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

/** A page in a browser, its errors and the requests that it makes. */
export interface OpenedPage {
  readonly page: Page
  readonly problems: readonly string[]
}

/** How a page is opened, and the part of its address behind `#`. */
export interface OpenPageOptions {
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'light' | 'dark'
  readonly hash?: string
  /** Print as the page is shown on paper, else on a screen. */
  readonly media?: 'print'
  /** A few colours of the user for all pages. */
  readonly forcedColors?: 'active'
}

/** Starts Chromium for the tests of a `describe`, and gives what opens the text of a page in its one tab. */
export function useChromium(): (html: string, options?: OpenPageOptions) => Promise<OpenedPage> {
  let browser: Browser
  let page: Page
  let problems: string[] = []
  beforeAll(async () => {
    const executablePath = pathOfProgram('chromium')
    // Root cannot have the sandbox. Nothing from elsewhere is opened.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    page = await browser.newPage()
    page.on('console', message => problems.push(message.text()))
    page.on('pageerror', error => problems.push(error.message))
    page.on('request', request => {
      if (!/^data:/.test(request.url()) && !request.isNavigationRequest()) problems.push(request.url())
    })
  })
  afterAll(() => browser?.close())

  return async (html, options = {}) => {
    const { width = 1200, height = 900, colorScheme = 'light', hash = '', media = null, forcedColors = null } = options
    const file = join(temporaryFolder(), 'page.html')
    writeFileSync(file, html)
    problems = []
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme, media, forcedColors })
    await page.goto(pathToFileURL(file).href + hash)
    return { page, problems }
  }
}
