/** The script of the page of sizes. */
import { KINDS } from '../kinds.ts'
import { showDetails } from './details.ts'
import { byId, element } from './elements.ts'
import { formatBytes, formatCount, formatShare } from './format.ts'
import { data, selectedPath } from './model.ts'
import { type Measure, state } from './state.ts'
import { drawTable } from './table.ts'
import { drawTreemap, markTreemap } from './treemap.ts'

byId('summary').textContent =
  `${formatBytes(data.fileSize)} in the file, ${formatBytes(data.tarSize)} unpacked, ${formatCount(data.paths.length)}`

byId('legend').append(...KINDS.map(legendOf).filter(made => made !== undefined))

byId<HTMLSelectElement>('measure').addEventListener('change', event => {
  state.measure = (event.target as HTMLSelectElement).value as Measure
  draw()
})
byId<HTMLInputElement>('search').addEventListener('input', event => {
  state.search = (event.target as HTMLInputElement).value.trim().toLowerCase()
  drawTable()
  markTreemap()
})
addEventListener('hashchange', () => {
  select()
  const details = byId('details')
  details.focus({ preventScroll: true })
  details.scrollIntoView({ block: 'nearest' })
})
let width = 0
new ResizeObserver(([{ contentRect }]) => {
  if (contentRect.width === width) return
  width = contentRect.width
  draw()
}).observe(byId('map'))

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

/** A button that shows only one kind; none for a kind that nothing has. */
function legendOf(name: string, kind: number): HTMLElement | undefined {
  const paths = data.paths.filter(path => path.kind === kind)
  if (paths.length === 0) return undefined
  const size = paths.reduce((sum, { file }) => sum + file, 0)
  const button = element(
    'button',
    { type: 'button', 'aria-pressed': 'false' },
    element('i', { class: `swatch k${kind}` }),
    `${name} `,
    element('small', {}, formatShare(size, data.fileSize)),
  )
  button.addEventListener('click', () => {
    state.kind = state.kind === kind ? undefined : kind
    for (const other of byId('legend').children) {
      other.setAttribute('aria-pressed', String(other === button && state.kind === kind))
    }
    drawTable()
    markTreemap()
  })
  return button
}
