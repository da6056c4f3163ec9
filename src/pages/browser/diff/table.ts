/** The table of packages. */
import { CHANGE_KINDS } from '../../change-kinds.ts'
import type { PackageData } from '../../diff-data.ts'
import { byId, element } from '../elements.ts'
import { formatNumber, formatSigned } from '../format.ts'
import { type Column, createTable } from '../sortable-table.ts'
import { data, formatVersions, growthOf, isWanted, linkTo, type Measure } from './model.ts'

const growth = (name: string, measure: Measure, use: string): Column<PackageData> => ({
  name,
  use: `number ${use}`,
  order: 'number',
  // By the absolute size: a shrunk package matters as much as a grown one.
  value: change => Math.abs(growthOf(change, measure)),
  shown: change => formatSigned(growthOf(change, measure)),
})

const COLUMNS: readonly Column<PackageData>[] = [
  {
    name: 'Package',
    use: 'name',
    order: 'text',
    value: ({ name }) => name,
    shown: change =>
      element(
        'span',
        {},
        element('i', { class: `swatch k${change.kind}` }),
        element('a', { href: linkTo(change) }, change.name),
      ),
  },
  {
    name: 'Change',
    use: 'middle',
    order: 'text',
    value: ({ kind }) => CHANGE_KINDS[kind],
    shown: ({ kind }) => CHANGE_KINDS[kind],
  },
  { name: 'Versions', use: 'versions', order: 'text', value: formatVersions, shown: showVersions },
  growth('Unpacked', 'Nar', ''),
  ...(data.hasFileSizes ? [growth('In file', 'File', 'middle')] : []),
]

/** The versions, on two lines if one is too short for them. */
function showVersions(change: PackageData): HTMLElement {
  const [old, after] = formatVersions(change).split(/(?<= →) /)
  return element(
    'span',
    {},
    element('span', {}, old),
    ' ',
    ...(after === undefined ? [] : [element('span', {}, after)]),
  )
}

/** Shows the packages that are looked for. */
export type DrawTable = () => void

/** Makes the table. */
export function createPackageTable(): DrawTable {
  const show = createTable(byId('table'), { columns: COLUMNS, sortedBy: 'Unpacked', labelledBy: 'table-title' })
  return () => {
    const wanted = data.packages.filter(isWanted)
    show(wanted)
    const sum = wanted.reduce((total, change) => total + growthOf(change, 'Nar'), 0)
    byId('count').textContent = `${formatNumber(wanted.length, 'package')}, ${formatSigned(sum)} unpacked`
  }
}
