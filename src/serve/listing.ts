import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findIn } from './find.ts'

/** A page in HTML that lists what may be had in a folder of `root`, by the bytes of the names, with sizes in bytes. */
export async function listFolder(root: string, path: string): Promise<string> {
  const title = escapeHtml(`/${path}`)
  const rows: string[] = []
  for (const name of await namesIn(join(root, path))) {
    const found = await findIn(root, join(path, name))
    if (found === undefined) continue
    const slash = found.isFolder ? '/' : ''
    const link = `<a href="${encodeURIComponent(name)}${slash}">${escapeHtml(name)}${slash}</a>`
    rows.push(`<tr><td>${link}</td><td align="right">${found.isFolder ? '' : found.size}</td></tr>`)
  }
  return `<!doctype html>
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<table>
${rows.join('\n')}
</table>
`
}

/** The names in a folder, in the order of their bytes. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder, 'buffer')).sort(Buffer.compare).map(String)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
