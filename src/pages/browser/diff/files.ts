/** Files that differ, by section, with what differs in them folded away. */
import type { FileData, SectionData } from '../../diff-data.ts'
import { byId, element } from '../elements.ts'
import { formatNumber } from '../format.ts'
import { data } from './model.ts'

/** Files of a section that are shown at first. */
const SHOWN = 100

/** Makes the list of files, and what searches it and folds it. */
export function createFiles(): void {
  const list = byId('files')
  const fold = byId('fold')
  /** Sections that are shown in full. */
  const whole = new Set<SectionData>()
  let search = ''

  function draw(): void {
    const found = data.sections.map(section => ({
      section,
      files: section.files.filter(file => isFound(file, search)),
    }))
    list.replaceChildren(
      ...found
        .filter(({ files }) => files.length > 0 || search === '')
        .map(({ section, files }) => {
          const shown = whole.has(section) ? files : files.slice(0, SHOWN)
          return sectionOf(section, { shown, left: files.length - shown.length, search })
        }),
    )
    const count = found.reduce((sum, { files }) => sum + files.length, 0)
    const omitted = search === '' ? data.sections.reduce((sum, section) => sum + section.omitted, 0) : 0
    byId('files-count').textContent = formatNumber(count + omitted, 'file') + listedOf(count, omitted)
    nameFold()
  }

  function sectionOf(section: SectionData, { shown, left, search }: ShownFiles): HTMLElement {
    const { title, files, onlyDigests, omitted } = section
    const count = `${files.length + omitted}${listedOf(files.length, omitted)}`
    const made = element(
      'div',
      { class: 'files' },
      element('h3', {}, title, ' ', element('small', {}, count)),
      element('ul', {}, ...shown.map(file => element('li', {}, fileOf(file)))),
    )
    if (left > 0) {
      const more = element('button', { type: 'button' }, `${left} more`)
      more.addEventListener('click', () => {
        whole.add(section)
        draw()
      })
      made.append(more)
    }
    if (search === '' && onlyDigests > 0) {
      made.append(element('p', { class: 'note' }, `${onlyDigests} more differ only in the hashes of store paths.`))
    }
    return made
  }

  const folded = () => list.querySelectorAll<HTMLDetailsElement>('details:not([open])')

  function nameFold(): void {
    fold.textContent = folded().length > 0 ? 'Unfold all' : 'Fold all'
    fold.hidden = list.querySelector('details') === null
  }

  fold.addEventListener('click', () => {
    const isFolding = folded().length === 0
    for (const each of list.querySelectorAll('details')) each.open = !isFolding
    nameFold()
  })
  // It does not bubble.
  list.addEventListener('toggle', nameFold, { capture: true })
  byId<HTMLInputElement>('files-search').addEventListener('input', event => {
    search = (event.target as HTMLInputElement).value.trim().toLowerCase()
    draw()
  })
  draw()
}

interface ShownFiles {
  readonly shown: readonly FileData[]
  readonly left: number
  readonly search: string
}

function isFound({ path, diff = '' }: FileData, search: string): boolean {
  return path.toLowerCase().includes(search) || diff.toLowerCase().includes(search)
}

/** Behind a number of files: how many of them the page has, if not all. */
function listedOf(listed: number, omitted: number): string {
  return omitted === 0 ? '' : `, ${listed} listed`
}

function fileOf({ path, kind, description, diff }: FileData): HTMLElement {
  const line = [
    element('span', { class: `tag ${kind}` }, kind),
    ' ',
    element('span', { class: 'path' }, path),
    ' ',
    element('small', {}, description),
  ]
  if (diff === undefined) return element('div', { class: 'file' }, ...line)
  const made = element('details', { class: 'file' }, element('summary', {}, ...line))
  // There may be thousands of them, and few are looked at.
  made.addEventListener('toggle', () => made.append(element('pre', {}, ...diff.split('\n').map(lineOf))), {
    once: true,
  })
  return made
}

const LINES: Readonly<Record<string, string>> = { '+': 'plus', '-': 'minus', '@': 'hunk' }

function lineOf(line: string): HTMLElement {
  const use = LINES[line[0]]
  return element('span', use === undefined ? {} : { class: use }, `${line}\n`)
}
