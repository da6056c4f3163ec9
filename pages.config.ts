/**
 * Bundles the script and the style of each page (src/pages/browser) into a TypeScript module, so that a page comes along
 * wherever the sources are run, packed or bundled. Leaves a module alone if nothing in it changes.
 */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import type { PageAssets } from './src/pages/assets.ts'

const folder = new URL('./src/pages/', import.meta.url)
const PAGES = ['sizes', 'diff'] as const

/** Writes the modules, if they are missing or not those of the sources. */
export async function bundlePages(): Promise<void> {
  for (const page of PAGES) {
    const target = new URL(`${page}.generated.ts`, folder)
    const script = await bundle(fileURLToPath(new URL(`browser/${page}/main.ts`, folder)))
    const styles = ['browser/page.css', `browser/${page}/${page}.css`]
    const style = (await Promise.all(styles.map(file => readFile(new URL(file, folder), 'utf8')))).join('\n')
    const text = moduleOf(page.toUpperCase(), page, {
      script,
      style,
      scriptHash: hashOf(script),
      styleHash: hashOf(style),
    })
    if ((await readFile(target, 'utf8').catch(() => undefined)) !== text) await writeFile(target, text)
  }
}

async function bundle(entry: string): Promise<string> {
  const build = await rolldown({ input: entry, platform: 'browser' })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  const script = `${await licenceComments(output[0].moduleIds)}${output[0].code.trim()}`
  // It would end the element that the script is in.
  if (/<\/script|<!--/i.test(script)) throw new Error(`${entry}: its script cannot be put into a page`)
  return script
}

/** The licences of the packages that are bundled: each asks to go along. Packages with the same text share a comment. */
async function licenceComments(modules: readonly string[]): Promise<string> {
  const folders = modules.flatMap(module => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module) ?? [])
  const packagesOf = new Map<string, string[]>()
  for (const path of [...new Set(folders)].sort()) {
    const text = (await readFile(`${path}/LICENSE`, 'utf8')).trim()
    packagesOf.set(text, [...(packagesOf.get(text) ?? []), path.replace(/^.*\/node_modules\//, '')])
  }
  return [...packagesOf].map(([text, packages]) => `/*! ${packages.join(', ')}\n${text}\n*/\n`).join('')
}

function moduleOf(name: string, page: string, assets: PageAssets): string {
  return `/** Made by pages.config.ts from browser/${page} and browser/page.css. */
import type { PageAssets } from './assets.ts'

export const ${name}: PageAssets = ${JSON.stringify(assets)}
`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundlePages()
