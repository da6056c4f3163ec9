/** The script of the page of differences. */
import { CHANGE_KINDS } from '../../change-kinds.ts'
import { byId, fact, onSelection, onWidth } from '../elements.ts'
import { formatGrowth } from '../format.ts'
import { createLegend } from '../legend.ts'
import { drawBars, markBars } from './bars.ts'
import { formatChange, showDetails } from './details.ts'
import { createFiles } from './files.ts'
import { data, type Measure, selectedPackage, state } from './model.ts'
import { createPackageTable } from './table.ts'

showTotals()
if (data.packages.length > 0) startPackages()
if (data.sections.length > 0) createFiles()

function showTotals(): void {
  const { old, new: after } = data
  const hasStore = old.paths + after.paths > 0
  const growth = formatGrowth(old.paths, after.paths)
  byId('totals').append(
    fact('Image file', formatChange(old.file, after.file)),
    ...(hasStore ? [fact('Unpacked store', formatChange(old.nar, after.nar))] : []),
    ...(hasStore ? [fact('Store paths', `${old.paths} → ${after.paths}${growth && ` (${growth})`}`)] : []),
  )
}

function startPackages(): void {
  const drawTable = createPackageTable()
  const draw = () => {
    drawTable()
    drawBars()
  }
  const counts = CHANGE_KINDS.map((name, kind) => {
    const count = data.packages.filter(change => change.kind === kind).length
    return { kind, name, note: String(count), count }
  })
  createLegend(
    byId('legend'),
    counts.filter(({ count }) => count > 0),
    kind => {
      state.kind = kind
      draw()
    },
  )
  byId<HTMLSelectElement>('measure').addEventListener('change', event => {
    state.measure = (event.target as HTMLSelectElement).value as Measure
    drawBars()
  })
  byId<HTMLInputElement>('search').addEventListener('input', event => {
    state.search = (event.target as HTMLInputElement).value.trim().toLowerCase()
    draw()
  })
  onSelection(select)
  onWidth(byId('bars'), drawBars)
  drawTable()
  select()
}

function select(): void {
  const selected = selectedPackage()
  if (selected === undefined) byId('details').hidden = true
  else showDetails(selected)
  markBars()
}
