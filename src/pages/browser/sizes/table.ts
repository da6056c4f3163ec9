/** The table of store paths. */
import { KINDS } from '../../kinds.ts'
import type { PathData } from '../../sizes-data.ts'
import { byId, element } from '../elements.ts'
import { formatBytes, formatNumber, formatShare } from '../format.ts'
import { type Column, createTable } from '../sortable-table.ts'
import { data, linkTo, nameOf } from './model.ts'
import { isWanted } from './state.ts'

const amount = (
  name: string,
  key: 'file' | 'tar' | 'nar' | 'closure' | 'added',
  use: string,
  shown = (path: PathData) => formatBytes(path[key]),
): Column<PathData> => ({ name, use: `number ${use}`, order: 'number', value: path => path[key], shown })

const COLUMNS: readonly Column<PathData>[] = [
  {
    name: 'Store path',
    use: 'name',
    order: 'text',
    value: path => path.name,
    shown: path =>
      element(
        'span',
        {},
        element('i', { class: `swatch k${path.kind}` }),
        element('a', { href: linkTo(path) }, nameOf(path)),
      ),
  },
  { name: 'Kind', use: 'wide', order: 'text', value: path => KINDS[path.kind], shown: path => KINDS[path.kind] },
  amount('In file', 'file', ''),
  amount('Share', 'file', 'middle', path => formatShare(path.file, data.fileSize)),
  amount('In tar', 'tar', 'wide'),
  amount('NAR', 'nar', 'middle'),
  amount('Closure', 'closure', 'middle'),
  amount('Added', 'added', ''),
]

const show = createTable(byId('table'), { columns: COLUMNS, sortedBy: 'In file', labelledBy: 'table-title' })

/** Draws the rows that are looked for. */
export function drawTable(): void {
  const wanted = data.paths.filter(isWanted)
  show(wanted)
  const sum = wanted.reduce((total, { file }) => total + file, 0)
  byId('count').textContent = `${formatNumber(wanted.length, 'store path')}, ${formatBytes(sum)} in the file`
}
