/** Pages in one file: no request leaves them, and a policy in them lets none. */
import type { PageAssets } from './assets.ts'

/** The parts of a page. */
export interface PageParts {
  readonly title: string
  /** HTML. */
  readonly body: string
  readonly assets: PageAssets
  /** Anything that JSON can hold; the script finds it in the element `data`. */
  readonly data: unknown
}

/** The text of a page. */
export function formatPage({ title, body, assets, data }: PageParts): string {
  const { style, styleHash, script, scriptHash } = assets
  const policy = `default-src 'none'; img-src data:; style-src '${styleHash}'; script-src '${scriptHash}'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
${body.trim()}
<script type="application/json" id="data">${escapeJson(data)}</script>
<script type="module">${script}</script>
</body>
</html>
`
}

/** Text as HTML shows it, also in an attribute in double quotes. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** JSON that cannot end the element it is in, nor begin a comment there: both take a "<". */
function escapeJson(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}
