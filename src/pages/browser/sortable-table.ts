/** A table that is sorted by its headings. Very many rows are shown when they are asked for: a browser takes long for them. */
import { element } from './elements.ts'

/** Rows that are shown at first. */
const ROWS = 100

/** A column of a table. */
export interface Column<Row> {
  readonly name: string
  /** Classes of its cells: `number`, and `middle` or `wide` where it is shown in windows of that width only. */
  readonly use: string
  /** Texts are sorted from A on, numbers from the largest on. */
  readonly order: 'text' | 'number'
  readonly value: (row: Row) => number | string
  readonly shown: (row: Row) => Node | string
}

/** Columns of a table, the one that it is sorted by at first, and the id of its title. */
export interface TableParts<Row> {
  readonly columns: readonly Column<Row>[]
  readonly sortedBy: string
  readonly labelledBy: string
}

/** Makes a table in `parent`, and gives what shows rows in it; equal ones stay in the order in which they are given. */
export function createTable<Row>(
  parent: HTMLElement,
  { columns, sortedBy, labelledBy }: TableParts<Row>,
): (rows: readonly Row[]) => void {
  let rows: readonly Row[] = []
  let sorted = columns.find(({ name }) => name === sortedBy) ?? columns[0]
  let isReversed = false
  let isAll = false
  const body = element('tbody')
  const headings = columns.map(column => {
    const button = element('button', { type: 'button' }, column.name)
    button.addEventListener('click', () => {
      isReversed = sorted === column && !isReversed
      sorted = column
      draw()
    })
    return element('th', { scope: 'col', class: column.use }, button)
  })
  const more = element('button', { type: 'button' })
  more.addEventListener('click', () => {
    isAll = true
    draw()
  })
  const head = element('thead', {}, element('tr', {}, ...headings))
  parent.append(element('table', { 'aria-labelledby': labelledBy }, head, body), more)

  function draw(): void {
    const ordered = rows.toSorted((a, b) => compare(sorted.value(a), sorted.value(b)) * (isReversed ? -1 : 1))
    const shown = isAll ? ordered : ordered.slice(0, ROWS)
    body.replaceChildren(...shown.map(row => element('tr', {}, ...columns.map((column, i) => cellOf(column, row, i)))))
    more.textContent = `Show all ${rows.length}`
    more.hidden = shown.length === rows.length
    for (const [i, column] of columns.entries()) {
      const isUp = (column.order === 'text') !== isReversed
      headings[i].setAttribute('aria-sort', column === sorted ? (isUp ? 'ascending' : 'descending') : 'none')
    }
  }

  return given => {
    rows = given
    draw()
  }
}

function cellOf<Row>({ use, shown }: Column<Row>, row: Row, place: number): HTMLElement {
  if (place > 0) return element('td', { class: use }, shown(row))
  return element('th', { scope: 'row', class: use }, shown(row))
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a
  return a < b ? -1 : a > b ? 1 : 0
}
