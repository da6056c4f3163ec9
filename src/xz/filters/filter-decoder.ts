/** Undoes one filter of a block, over data that comes in pieces. */
export interface FilterDecoder {
  /**
   * Undoes the filter in place. Returns how many bytes from the first are final; the caller keeps the others and gives
   * them again in front of the next piece. What is left at the block's end stays as it is.
   */
  decode(bytes: Uint8Array): number
}
