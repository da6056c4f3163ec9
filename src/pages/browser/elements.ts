/** Makes elements of a page. Text goes into them as text, never as HTML. */

type Children = readonly (Node | string)[]

/** An element with attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Children
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T
}

/** A fact in a list of definitions. */
export function fact(name: string, value: string): HTMLElement {
  return element('div', {}, element('dt', {}, name), element('dd', {}, value))
}

/** Calls `draw` now, and whenever the width of an element has changed. */
export function onWidth(target: HTMLElement, draw: () => void): void {
  let width = 0
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return
    width = contentRect.width
    draw()
  }).observe(target)
}

/** Calls `select` when the fragment of the URL has changed, and moves on to the details of what is selected then. */
export function onSelection(select: () => void): void {
  addEventListener('hashchange', () => {
    select()
    const details = byId('details')
    details.focus({ preventScroll: true })
    details.scrollIntoView({ block: 'nearest' })
  })
}
