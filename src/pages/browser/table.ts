/** The table of store paths, which can be sorted and searched. */
import { KINDS } from '../kinds.ts'
import type { PathData } from '../sizes-data.ts'
import { byId, element } from './elements.ts'
import { formatBytes, formatCount, formatShare } from './format.ts'
import { data, linkTo, nameOf } from './model.ts'
import { isWanted } from './state.ts'

/** Rows that are shown at first: a browser takes long for very many. */
const ROWS = 100

interface Column {
  readonly name: string
  /** A class of its cells. */
  readonly use: string
  /** What it is sorted by; texts from A on, numbers from the largest on. */
  readonly value: (path: PathData) => number | string
  readonly shown: (path: PathData) => Node | string
}

const amount = (name: string, key: 'file' | 'tar' | 'nar' | 'closure' | 'added', use: string): Column => ({
  name,
  use: `number ${use}`,
  value: path => path[key],
  shown: path => formatBytes(path[key]),
})

const COLUMNS: readonly Column[] = [
  {
    name: 'Store path',
    use: 'name',
    value: path => path.name,
    shown: path =>
      element(
        'span',
        {},
        element('i', { class: `swatch k${path.kind}` }),
        element('a', { href: linkTo(path) }, nameOf(path)),
      ),
  },
  { name: 'Kind', use: 'wide', value: path => KINDS[path.kind], shown: path => KINDS[path.kind] },
  amount('In file', 'file', ''),
  {
    name: 'Share',
    use: 'number middle',
    value: path => path.file,
    shown: path => formatShare(path.file, data.fileSize),
  },
  amount('In tar', 'tar', 'wide'),
  amount('NAR', 'nar', 'middle'),
  amount('Closure', 'closure', 'middle'),
  amount('Added', 'added', ''),
]

let sorted: Column = COLUMNS[2]
let isReversed = false
let isAll = false
const body = element('tbody')
const headings = COLUMNS.map(headingOf)
const more = element('button', { type: 'button' })
more.addEventListener('click', () => {
  isAll = true
  drawTable()
})
byId('table').append(
  element('table', { 'aria-labelledby': 'table-title' }, element('thead', {}, element('tr', {}, ...headings)), body),
  more,
)

/** Draws the rows that are looked for, in the order that is chosen. */
export function drawTable(): void {
  const wanted = data.paths.filter(isWanted)
  // Equal ones stay in the order of the data, so that it is the same each time.
  wanted.sort((a, b) => compare(sorted.value(a), sorted.value(b)) * (isReversed ? -1 : 1))
  const shown = isAll ? wanted : wanted.slice(0, ROWS)
  body.replaceChildren(
    ...shown.map(path =>
      element(
        'tr',
        {},
        ...COLUMNS.map(({ use, shown }, i) =>
          i === 0
            ? element('th', { scope: 'row', class: use }, shown(path))
            : element('td', { class: use }, shown(path)),
        ),
      ),
    ),
  )
  more.textContent = `Show all ${wanted.length}`
  more.hidden = shown.length === wanted.length
  const sum = wanted.reduce((total, { file }) => total + file, 0)
  byId('count').textContent = `${formatCount(wanted.length)}, ${formatBytes(sum)} in the file`
  for (const [i, column] of COLUMNS.entries()) {
    const isUp = (typeof column.value(EXAMPLE) === 'string') !== isReversed
    headings[i].setAttribute('aria-sort', column === sorted ? (isUp ? 'ascending' : 'descending') : 'none')
  }
}

const EXAMPLE: PathData = {
  ...{ hash: '', name: '', kind: 0, keeper: -1, references: [] },
  ...{ nar: 0, tar: 0, file: 0, closure: 0, added: 0, addedFile: 0 },
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a
  return a < b ? -1 : a > b ? 1 : 0
}

function headingOf(column: Column): HTMLElement {
  const button = element('button', { type: 'button' }, column.name)
  button.addEventListener('click', () => {
    isReversed = sorted === column && !isReversed
    sorted = column
    drawTable()
  })
  return element('th', { scope: 'col', class: column.use }, button)
}
