/** Buttons that tell what colours mean. Pressed, one shows only what has its colour. */
import { element } from './elements.ts'

/** A colour and its meaning. */
export interface LegendItem {
  /** The number of the colour. */
  readonly kind: number
  readonly name: string
  /** Behind the name: how much of it there is. */
  readonly note: string
}

/** Makes buttons in `parent`. `onChange` is given the kind that is to be shown alone, or `undefined` for all. */
export function createLegend(
  parent: HTMLElement,
  items: readonly LegendItem[],
  onChange: (kind: number | undefined) => void,
): void {
  let chosen: number | undefined
  const buttons = items.map(({ kind, name, note }) => {
    const button = element(
      'button',
      { type: 'button', 'aria-pressed': 'false' },
      element('i', { class: `swatch k${kind}` }),
      `${name} `,
      element('small', {}, note),
    )
    button.addEventListener('click', () => {
      chosen = chosen === kind ? undefined : kind
      for (const other of buttons) {
        other.setAttribute('aria-pressed', String(other === button && chosen === kind))
      }
      onChange(chosen)
    })
    return button
  })
  parent.append(...buttons)
}
