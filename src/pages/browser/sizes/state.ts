/** The choices of the user. */

/** The meaning of areas in the treemap. */
export type Measure = 'file' | 'tar' | 'nar'

/** The choices. */
export interface State {
  measure: Measure
  /** The only kind to show. */
  kind: number | undefined
  /** In lower case. */
  search: string
}

export const state: State = { measure: 'file', kind: undefined, search: '' }

/** Whether a store path is among those that are looked for. */
export function isWanted({ name, hash, kind }: { name: string; hash: string; kind: number }): boolean {
  if (state.kind !== undefined && kind !== state.kind) return false
  return state.search === '' || `${hash}-${name}`.toLowerCase().includes(state.search)
}
