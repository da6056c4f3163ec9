/** Details of the selected store path: its sizes, why it is there, and its references. */
import { KINDS } from '../../kinds.ts'
import { byId, element, fact } from '../elements.ts'
import { formatBytes, formatShare } from '../format.ts'
import { chainTo, data, kept, linkTo, nameOf, referrers } from './model.ts'

/** Store paths that a list shows at first. */
const SHOWN = 12

/** Shows a store path. */
export function showDetails(number: number): void {
  const path = data.paths[number]
  byId('details').replaceChildren(
    element('h2', { id: 'details-title' }, element('i', { class: `swatch k${path.kind}` }), nameOf(path)),
    element('p', { class: 'path' }, `/nix/store/${path.hash}-${path.name}`),
    element(
      'dl',
      {},
      fact('Kind', KINDS[path.kind]),
      fact('In file', `${formatBytes(path.file)}, ${formatShare(path.file, data.fileSize)}`),
      fact('In tar', formatBytes(path.tar)),
      fact('NAR', formatBytes(path.nar)),
      fact('Closure', formatBytes(path.closure)),
      fact('Added', `${formatBytes(path.added)}; ${formatBytes(path.addedFile)} in the file`),
    ),
    element(
      'div',
      { class: 'columns' },
      whyOf(number),
      listOf('Referred to by', 'Nothing refers to it.', referrers[number], 'nar'),
      listOf('Refers to', 'It refers to nothing.', path.references, 'nar'),
      listOf('Leaves with it', 'Nothing but itself.', kept[number], 'added'),
    ),
  )
}

function link(number: number): HTMLElement {
  const path = data.paths[number]
  return element('a', { href: linkTo(path) }, nameOf(path))
}

/** The chain of references to a store path, and what keeps it. */
function whyOf(number: number): HTMLElement {
  const { keeper } = data.paths[number]
  const isRoot = data.roots.includes(number)
  const chain = chainTo(number)
  const steps = chain.map((each, depth) =>
    element(
      'li',
      depth === chain.length - 1 ? { 'aria-current': 'true' } : {},
      each === number ? nameOf(data.paths[each]) : link(each),
    ),
  )
  const reason =
    keeper >= 0
      ? ['Without ', link(keeper), ' it would not be here.']
      : [isRoot ? 'It is a root: no other store path keeps it.' : 'Several roots keep it.']
  return element(
    'div',
    {},
    element('h3', {}, 'Why it is here'),
    element('ol', { class: 'chain' }, ...steps),
    element('p', {}, ...reason),
  )
}

/** A list of store paths, largest first. */
function listOf(title: string, none: string, numbers: readonly number[], measure: 'nar' | 'added'): HTMLElement {
  const sorted = [...numbers].sort((a, b) => data.paths[b][measure] - data.paths[a][measure])
  const most = sorted.length > 0 ? data.paths[sorted[0]][measure] : 0
  const entry = (each: number) => {
    const size = data.paths[each][measure]
    const made = element('li', {}, link(each), element('small', {}, formatBytes(size)))
    made.style.setProperty('--part-width', `${most > 0 ? (100 * size) / most : 0}%`)
    return made
  }
  const list = element('ul', { class: 'sizes' }, ...sorted.slice(0, SHOWN).map(entry))
  const made = element('div', {}, element('h3', {}, title, ' ', element('small', {}, String(sorted.length))))
  if (sorted.length === 0) made.append(element('p', {}, none))
  else made.append(list)
  if (sorted.length > SHOWN) {
    const more = element('button', { type: 'button' }, `${sorted.length - SHOWN} more`)
    more.addEventListener('click', () => {
      const first = sorted.slice(SHOWN).map(entry)
      list.append(...first)
      more.remove()
      first[0].querySelector('a')?.focus()
    })
    made.append(more)
  }
  return made
}
