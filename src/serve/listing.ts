import { readdir } from 'node:fs/promises'
import { findFile } from './find.ts'

/** A page that lists what is in a folder of `root`, in the order of the names. */
export async function listFolder(root: string, folder: string, pathname: string): Promise<string> {
  const names = (await readdir(folder)).filter(name => !name.startsWith('.')).sort()
  const items: string[] = []
  for (const name of names) {
    const path = `${pathname}${encodeURIComponent(name)}`
    const found = await findFile(root, path)
    if (!found) continue
    const slash = found.isFolder ? '/' : ''
    items.push(
      `<li><a href="${escapeHtml(`${encodeURIComponent(name)}${slash}`)}">${escapeHtml(name)}${slash}</a></li>`,
    )
  }
  const title = escapeHtml(decodeURIComponent(pathname))
  return `<!doctype html>
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<ul>
${items.join('\n')}
</ul>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
