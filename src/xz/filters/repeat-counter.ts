/** Counts numbers that were seen before. It forgets some: of those that share a cell, it knows the last. */
export function createRepeatCounter() {
  const cells = new Int32Array(2 ** 16)
  let repeats = 0
  return {
    add(number: number): void {
      const cell = Math.imul(number, 0x9e3779b1) >>> 16
      if (cells[cell] === number) repeats++
      else cells[cell] = number
    },
    repeats: () => repeats,
  }
}
