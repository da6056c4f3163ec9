import { DIFF } from './diff.generated.ts'
import type { DiffData } from './diff-data.ts'
import { escapeText, formatPage } from './html.ts'

/** The page of differences: packages by change of size, a table of them, and files with what differs in them. */
export function formatDiffPage(data: DiffData): string {
  const title = `${data.oldTitle} → ${data.newTitle}`
  return formatPage({ title: `Differences: ${title}`, body: bodyOf(data), assets: DIFF, data })
}

function bodyOf({ oldTitle, newTitle, packages, sections, hasFileSizes }: DiffData): string {
  const isSame = packages.length + sections.length === 0
  return `
<header>
  <h1>${escapeText(oldTitle)} <span class="arrow">→</span> ${escapeText(newTitle)}</h1>
  <dl id="totals"></dl>
</header>
<noscript><p>This page draws its contents with JavaScript, which is switched off.</p></noscript>
<main>
${isSame ? '<p>Nothing differs.</p>' : ''}
${packages.length > 0 ? packagesBody(hasFileSizes) : ''}
${sections.length > 0 ? FILES_BODY : ''}
</main>`
}

function packagesBody(hasFileSizes: boolean): string {
  return `
  <section aria-labelledby="bars-title">
    <div class="bar">
      <h2 id="bars-title">Packages by change of size</h2>
      <label>Size <select id="measure">
        <option value="Nar">unpacked</option>
        ${hasFileSizes ? '<option value="File">in the file</option>' : ''}
      </select></label>
    </div>
    <div id="legend" role="group" aria-label="Show one kind of change"></div>
    <div id="bars"></div>
  </section>
  <section id="details" aria-labelledby="details-title" tabindex="-1" hidden></section>
  <section aria-labelledby="table-title">
    <div class="bar">
      <h2 id="table-title">Packages that changed</h2>
      <label>Search packages <input id="search" type="search" autocomplete="off" spellcheck="false"></label>
      <span id="count" role="status"></span>
    </div>
    <div id="table"></div>
    <p class="note">A package is all store paths of one name, as nix store diff-closures has it. Unpacked: bytes of NAR.</p>
  </section>`
}

const FILES_BODY = `
  <section aria-labelledby="files-title">
    <div class="bar">
      <h2 id="files-title">Files that differ</h2>
      <button type="button" id="fold"></button>
      <label>Search files <input id="files-search" type="search" autocomplete="off" spellcheck="false"></label>
      <span id="files-count" role="status"></span>
    </div>
    <div id="files"></div>
  </section>`
