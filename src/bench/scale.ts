/** Where the values of a chart fall, and the lines of its grid. */
export function checkValue(label: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return
  throw new RangeError(`a chart cannot show ${value} (of '${label}'): give a finite number that is not negative`)
}

export interface Scale {
  /** Where a value lies between the start of the axis, 0, and the greatest value, 1. */
  readonly fraction: (value: number) => number
  /** About `most` round values from the start of the axis up to the greatest. */
  readonly ticks: (most: number) => readonly number[]
}

export function linearScale(values: readonly number[]): Scale {
  const max = Math.max(...values)
  return {
    fraction: value => (max === 0 ? 0 : value / max),
    ticks: most => multiples(tickStep(max, most), Math.floor, max),
  }
}

export function logarithmicScale(values: readonly number[]): Scale {
  const positive = values.filter(value => value > 0)
  if (positive.length === 0) return { fraction: () => 0, ticks: () => [] }
  const max = Math.max(...positive)
  // A power of ten that is at most half the least value, for the least bar is to be seen.
  const start = Math.floor(Math.log10(Math.min(...positive)) - Math.log10(2))
  const decades = Math.log10(max) - start
  return {
    fraction: value => (value > 0 ? (Math.log10(value) - start) / decades : 0),
    ticks: most => {
      const step = Math.ceil(decades / most)
      const powers = Array.from({ length: Math.floor(decades / step) + 1 }, (_, index) => start + index * step)
      // 10 ** -5 need not be the number nearest to 0.00001, what is parsed is.
      return powers.map(power => Number(`1e${power}`))
    },
  }
}

/** The ticks of a y axis: the last one is not below `max`, so that no dot floats above the lines of the grid. */
export function heightTicks(max: number): readonly number[] {
  return multiples(tickStep(max, 5), Math.ceil, max)
}

/** The least of 1, 2, 5 times a power of ten that divides `max` into at most `most` parts; 0 if nothing does. */
export function tickStep(max: number, most: number): number {
  const least = max / most
  const power = Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map(factor => Number(`${factor}e${power}`)).find(step => step >= least) ?? 0
}

export function multiples(step: number, round: (value: number) => number, max: number): readonly number[] {
  return step === 0 ? [0] : Array.from({ length: round(max / step) + 1 }, (_, index) => index * step)
}

export function formatTick(value: number): string {
  const rounded = Number(value.toPrecision(6))
  if (rounded !== 0 && (rounded >= 1e6 || rounded < 1e-4)) return rounded.toExponential().replace('e+', 'e')
  return rounded.toLocaleString('en-US', { maximumSignificantDigits: 6 })
}
