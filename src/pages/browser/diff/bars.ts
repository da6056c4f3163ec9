/** The packages whose size changed most, as bars to both sides of a line: what grew and what shrank. */
import { scaleLinear } from 'd3-scale'
import { CHANGE_KINDS } from '../../change-kinds.ts'
import type { PackageData } from '../../diff-data.ts'
import { byId, element } from '../elements.ts'
import { formatNumber, formatSigned } from '../format.ts'
import { data, formatVersions, growthOf, isWanted, linkTo, selectedPackage, state } from './model.ts'

/** Packages that get a bar of their own, and the least part of the largest bar that can be seen well. */
const BARS = 24
const PART_MIN = 0.01

/** Pixels that the label of a tick needs. */
const TICK_WIDTH = 90

const chart = byId('bars')

/** Draws the packages that are looked for. */
export function drawBars(): void {
  const { measure } = state
  const changed = data.packages.filter(change => isWanted(change) && growthOf(change, measure) !== 0)
  const size = (change: PackageData) => Math.abs(growthOf(change, measure))
  const largest = changed.toSorted((a, b) => size(b) - size(a))
  const isLarge = (change: PackageData) => size(change) >= PART_MIN * size(largest[0])
  const shown = largest.slice(0, BARS).filter(isLarge)
  const rest = largest.slice(shown.length)
  const restGrowth = rest.reduce((sum, change) => sum + growthOf(change, measure), 0)
  shown.sort((a, b) => growthOf(b, measure) - growthOf(a, measure))
  if (shown.length === 0) {
    chart.replaceChildren(element('p', { class: 'note' }, 'None of these packages is larger or smaller than before.'))
    return
  }
  const list = element('ul', { 'aria-labelledby': 'bars-title' })
  chart.replaceChildren(list)
  const growths = [...shown.map(change => growthOf(change, measure)), restGrowth]
  const scale = scaleLinear()
    .domain([Math.min(0, ...growths), Math.max(0, ...growths)])
    .range([0, 100])
  const axis = element('div', { class: 'axis', 'aria-hidden': 'true' })
  list.append(...shown.map(change => barOf(change, scale)))
  if (rest.length > 0) {
    const name = element('span', { class: 'rest' }, formatNumber(rest.length, 'smaller change'))
    list.append(rowOf(name, restGrowth, scale))
  }
  chart.prepend(axis)
  const ticks = scale.ticks(Math.max(2, Math.floor(axis.clientWidth / TICK_WIDTH)))
  for (const [place, tick] of ticks.entries()) {
    const line = element(
      'i',
      tick === 0 ? { class: 'zero' } : (place - ticks.indexOf(0)) % 2 === 0 ? {} : { class: 'odd' },
      element('small', {}, tick === 0 ? '0' : formatTick(tick)),
    )
    line.style.left = `${scale(tick)}%`
    axis.append(line)
  }
  markBars()
}

/** Shows which package is selected. */
export function markBars(): void {
  const selected = selectedPackage()
  for (const link of chart.querySelectorAll('a')) {
    if (selected && link.getAttribute('href') === linkTo(selected)) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}

function barOf(change: PackageData, scale: Scale): HTMLElement {
  const { name, kind } = change
  const growth = growthOf(change, state.measure)
  const label = `${name}, ${CHANGE_KINDS[kind]}, ${formatSigned(growth)}`
  const link = element(
    'a',
    { href: linkTo(change), 'aria-label': label, title: `${name} ${formatVersions(change)}` },
    name,
  )
  return rowOf(link, growth, scale, `k${kind}`)
}

type Scale = (growth: number) => number

function rowOf(name: HTMLElement, growth: number, scale: Scale, color = 'sum'): HTMLElement {
  const bar = element('i', { class: `bar-part ${color}` })
  const [from, to] = [scale(Math.min(0, growth)), scale(Math.max(0, growth))]
  bar.style.left = `${from}%`
  bar.style.width = `${to - from}%`
  return element(
    'li',
    {},
    name,
    element('span', { class: 'track', 'aria-hidden': 'true' }, bar),
    element(
      'span',
      { class: 'number', ...(name.hasAttribute('aria-label') && { 'aria-hidden': 'true' }) },
      formatSigned(growth),
    ),
  )
}

/** Ticks are round numbers: zeros behind the point say nothing. */
function formatTick(bytes: number): string {
  return formatSigned(bytes).replace(/\.(\d*?)0+(?=\D)/, (_, digits) => (digits === '' ? '' : `.${digits}`))
}
