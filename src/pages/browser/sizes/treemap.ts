/** The treemap: the area of each store path is its size, and they lie together by kind. */
import { type HierarchyRectangularNode, hierarchy, treemap } from 'd3-hierarchy'
import { KINDS, NO_KIND } from '../../kinds.ts'
import { byId, element } from '../elements.ts'
import { formatBytes, formatShare } from '../format.ts'
import { data, linkTo, nameOf } from './model.ts'
import { isWanted, state } from './state.ts'

/** Store paths that get an area of their own: more cannot be told apart. */
const CELLS_MAX = 1500

/** Pixels above the areas of a kind, for its name. */
const TITLE_HEIGHT = 22

interface Cell {
  readonly name: string
  readonly size: number
  /** The store path; absent for the sum of many, and for entries outside of store paths. */
  readonly path?: number
  readonly kind: number
  readonly children?: undefined
}

interface Group {
  readonly name: string
  readonly kind: number
  readonly children: readonly Cell[]
}

type Root = { readonly children: readonly Group[] }
type Area = HierarchyRectangularNode<Root | Group | Cell>

const map = byId('map')
let cells: HTMLElement[] = []

/** Draws it for the width that it has. On paper, it is as wide as the page. */
export function drawTreemap(): void {
  const width = map.clientWidth
  const height = Math.round(Math.min(560, Math.max(360, width * 0.5)))
  map.style.height = `${height}px`
  const root = hierarchy<Root | Group | Cell>({ children: groupsOf() })
    .sum(node => ('size' in node ? node.size : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0))
  const areas = treemap<Root | Group | Cell>()
    .size([width, height])
    .round(true)
    .paddingInner(2)
    .paddingTop(node => (node.depth === 1 ? TITLE_HEIGHT : 0))(root)
  const total = root.value ?? 0
  cells = []
  map.replaceChildren(
    ...(areas.children ?? []).flatMap(group => [
      titleOf(group),
      ...(group.children ?? []).filter(isVisible).map(area => cellOf(area, total)),
    ]),
  )
  markTreemap()
}

/** Shows what is selected, and pales what is not looked for. */
export function markTreemap(selected?: number): void {
  for (const cell of cells) {
    const number = Number(cell.dataset.path ?? -1)
    const path = data.paths[number]
    const isShown = path ? isWanted(path) : state.kind === Number(cell.dataset.kind) || isNothingWanted()
    cell.classList.toggle('pale', !isShown)
    if (selected === undefined) continue
    if (number === selected) cell.setAttribute('aria-current', 'true')
    else cell.removeAttribute('aria-current')
  }
  const links = cells.filter(cell => cell instanceof HTMLAnchorElement)
  const stop = links.find(cell => cell.hasAttribute('aria-current')) ?? links[0]
  for (const link of links) link.tabIndex = link === stop ? 0 : -1
}

function isNothingWanted(): boolean {
  return state.kind === undefined && state.search === ''
}

function groupsOf(): Group[] {
  const { measure } = state
  const largest = [...data.paths.keys()].sort((a, b) => data.paths[b][measure] - data.paths[a][measure])
  const groups = [...KINDS, NO_KIND].map((name, kind) => ({ name, kind, children: [] as Cell[] }))
  const rest = groups.map(() => ({ count: 0, size: 0 }))
  for (const [place, number] of largest.entries()) {
    const path = data.paths[number]
    if (place < CELLS_MAX) {
      groups[path.kind].children.push({ name: nameOf(path), size: path[measure], path: number, kind: path.kind })
    } else {
      rest[path.kind].count++
      rest[path.kind].size += path[measure]
    }
  }
  for (const [kind, { count, size }] of rest.entries()) {
    if (count > 0) groups[kind].children.push({ name: `${count} smaller`, size, kind })
  }
  if (measure !== 'nar') {
    const kind = KINDS.length
    for (const other of data.others) groups[kind].children.push({ name: other.name, size: other[measure], kind })
  }
  return groups.filter(({ children }) => children.length > 0)
}

function isVisible({ x0, x1, y0, y1 }: Area): boolean {
  return x1 - x0 >= 1 && y1 - y0 >= 1
}

function titleOf(area: Area): HTMLElement {
  const { name } = area.data as Group
  const title = element(
    'div',
    { class: 'title', 'aria-hidden': 'true' },
    name,
    ' ',
    element('small', {}, formatBytes(area.value ?? 0)),
  )
  place(title, area)
  title.style.height = `${TITLE_HEIGHT}px`
  title.classList.toggle('tight', area.x1 - area.x0 < 70)
  return title
}

function cellOf(area: Area, total: number): HTMLElement {
  const { name, size, path, kind } = area.data as Cell
  const label = `${name}, ${kind < KINDS.length ? KINDS[kind] : NO_KIND}, ${formatBytes(size)}, ${formatShare(size, total)}`
  const attributes = { class: `cell k${kind}`, title: label, 'aria-label': label, 'data-kind': String(kind) }
  const children = [element('b', {}, name), element('small', {}, formatBytes(size))]
  const cell =
    path === undefined
      ? element('div', { ...attributes, role: 'img' }, ...children)
      : element('a', { ...attributes, href: linkTo(data.paths[path]), 'data-path': String(path) }, ...children)
  place(cell, area)
  const [width, height] = [area.x1 - area.x0, area.y1 - area.y0]
  cell.classList.toggle('bare', width < 44 || height < 20)
  cell.classList.toggle('low', width < 64 || height < 40)
  cells.push(cell)
  return cell
}

function place({ style }: HTMLElement, { x0, x1, y0, y1 }: Area): void {
  const width = map.clientWidth
  style.left = `${(100 * x0) / width}%`
  style.top = `${y0}px`
  style.width = `${(100 * (x1 - x0)) / width}%`
  style.height = `${y1 - y0}px`
}

/** Arrow keys move to the nearest area in their direction; only one area is a stop for the Tab key. */
map.addEventListener('keydown', event => {
  const from = event.target as HTMLElement
  const links = cells.filter(cell => cell instanceof HTMLAnchorElement)
  const next = nextOf(event.key, from, links)
  if (next === undefined) return
  event.preventDefault()
  for (const link of links) link.tabIndex = link === next ? 0 : -1
  next.focus()
})

function nextOf(key: string, from: HTMLElement, links: readonly HTMLElement[]): HTMLElement | undefined {
  if (key === 'Home') return links[0]
  if (key === 'End') return links.at(-1)
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]
  if (way === undefined) return undefined
  const [right, down] = way
  const middle = ({ offsetLeft, offsetTop, offsetWidth, offsetHeight }: HTMLElement) => [
    offsetLeft + offsetWidth / 2,
    offsetTop + offsetHeight / 2,
  ]
  const [x, y] = middle(from)
  let nearest: HTMLElement | undefined
  let least = Number.POSITIVE_INFINITY
  for (const link of links) {
    const [toX, toY] = middle(link)
    const along = (toX - x) * right + (toY - y) * down
    const aside = Math.abs((toX - x) * down) + Math.abs((toY - y) * right)
    // A sideways distance weighs more: a key should stay in its row or column.
    const distance = along + 3 * aside
    if (along <= 1 || distance >= least) continue
    least = distance
    nearest = link
  }
  return nearest
}
