import { escapeText, formatPage } from './html.ts'
import { SIZES } from './sizes.generated.ts'
import type { SizesData } from './sizes-data.ts'

/** The page of sizes: a treemap, what keeps a store path, and a table. */
export function formatSizesPage(data: SizesData): string {
  return formatPage({ title: `Sizes of ${data.title}`, body: bodyOf(data.title), assets: SIZES, data })
}

function bodyOf(title: string): string {
  return `
<header>
  <h1>${escapeText(title)}</h1>
  <p id="summary"></p>
</header>
<noscript><p>This page draws its contents with JavaScript, which is switched off.</p></noscript>
<main>
  <section aria-labelledby="map-title">
    <div class="bar">
      <h2 id="map-title">Store paths by size</h2>
      <label>Size <select id="measure">
        <option value="file">in the file</option>
        <option value="tar">in the tar</option>
        <option value="nar">of the NAR</option>
      </select></label>
    </div>
    <div id="legend" role="group" aria-label="Show one kind"></div>
    <div id="map" role="group" aria-label="Treemap of store paths. Arrow keys move, Enter selects. The table has the same."></div>
    <p class="note">Kinds are guessed by name. A block of the file that holds several store paths is split by their bytes of tar.</p>
  </section>
  <section id="details" aria-labelledby="details-title" tabindex="-1"></section>
  <section aria-labelledby="table-title">
    <div class="bar">
      <h2 id="table-title">All store paths</h2>
      <label>Search <input id="search" type="search" autocomplete="off" spellcheck="false"></label>
      <span id="count" role="status"></span>
    </div>
    <div id="table"></div>
    <p class="note">Closure: all that a path reaches by references. Added: all that would leave the image with it. Both in bytes of NAR.</p>
  </section>
</main>`
}
