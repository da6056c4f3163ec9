/** Milliseconds of the longest timer that Node has: it takes any that is longer for one of a millisecond. */
export const LONGEST_TIMER = 2 ** 31 - 1
