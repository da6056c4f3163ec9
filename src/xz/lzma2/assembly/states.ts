/**
 * The twelve states of LZMA: what the latest operations were. Below 7 the latest was a literal.
 */

export function stateAfterLiteral(state: i32): i32 {
  return state < 4 ? 0 : state < 10 ? state - 3 : state - 6
}

export function stateAfterMatch(state: i32): i32 {
  return state < 7 ? 7 : 10
}

export function stateAfterRep(state: i32): i32 {
  return state < 7 ? 8 : 11
}

export function stateAfterShortRep(state: i32): i32 {
  return state < 7 ? 9 : 11
}
