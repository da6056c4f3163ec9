/** The script of the page of sizes. */
import { KINDS } from '../../kinds.ts'
import { byId, onSelection, onWidth } from '../elements.ts'
import { formatBytes, formatNumber, formatShare } from '../format.ts'
import { createLegend, type LegendItem } from '../legend.ts'
import { showDetails } from './details.ts'
import { data, selectedPath } from './model.ts'
import { type Measure, state } from './state.ts'
import { drawTable } from './table.ts'
import { drawTreemap, markTreemap } from './treemap.ts'

byId('summary').textContent =
  `${formatBytes(data.fileSize)} in the file, ${formatBytes(data.tarSize)} unpacked, ${formatNumber(data.paths.length, 'store path')}`

createLegend(
  byId('legend'),
  KINDS.map(legendItem).filter(item => item !== undefined),
  kind => {
    state.kind = kind
    drawTable()
    markTreemap()
  },
)

byId<HTMLSelectElement>('measure').addEventListener('change', event => {
  state.measure = (event.target as HTMLSelectElement).value as Measure
  draw()
})
byId<HTMLInputElement>('search').addEventListener('input', event => {
  state.search = (event.target as HTMLInputElement).value.trim().toLowerCase()
  drawTable()
  markTreemap()
})
onSelection(select)
onWidth(byId('map'), draw)

drawTable()
select()

function draw(): void {
  drawTreemap()
  markTreemap(selectedPath())
}

function select(): void {
  const selected = selectedPath()
  if (selected === undefined) return
  showDetails(selected)
  markTreemap(selected)
}

/** A kind, for the legend; none for a kind that nothing has. */
function legendItem(name: string, kind: number): LegendItem | undefined {
  const paths = data.paths.filter(path => path.kind === kind)
  if (paths.length === 0) return undefined
  const size = paths.reduce((sum, { file }) => sum + file, 0)
  return { kind, name, note: formatShare(size, data.fileSize) }
}
