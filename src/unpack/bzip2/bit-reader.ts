import { concatBytes } from '../../bytes/index.ts'
import { truncated } from '../errors.ts'

/** Reads bits, the most significant of each byte first, out of chunks. */
export class BitReader {
  readonly #source: AsyncIterator<Uint8Array>
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  /** Bits that were taken out of the bytes, and are to be read next: the lowest `#count` of these. */
  #bits = 0
  #count = 0
  #isEnded = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Whole bytes at hand. */
  get available(): number {
    return this.#bytes.length - this.#at
  }

  /** Waits until `length` bytes are at hand, or all that are left. To be called where fewer are `available`. */
  async fill(length: number): Promise<void> {
    const pieces = [this.#bytes.subarray(this.#at)]
    let size = this.available
    while (size < length && !this.#isEnded) {
      const { value, done } = await this.#source.next()
      if (done) this.#isEnded = true
      else {
        pieces.push(value)
        size += value.length
      }
    }
    if (pieces.length === 1) return
    this.#bytes = pieces[0]!.length === 0 && pieces.length === 2 ? pieces[1]! : concatBytes(pieces)
    this.#at = 0
  }

  /** The next bits, at most 24, which stay to be read; zeros behind the end. */
  peek(length: number): number {
    while (this.#count < length) {
      this.#bits = (this.#bits << 8) | (this.#at < this.#bytes.length ? this.#bytes[this.#at]! : 0)
      this.#at++
      this.#count += 8
    }
    return (this.#bits >>> (this.#count - length)) & ((1 << length) - 1)
  }

  /** Passes over bits that were looked at. */
  skip(length: number): void {
    this.#count -= length
  }

  /** The next bits, at most 24; zeros behind the end. */
  read(length: number): number {
    const bits = this.peek(length)
    this.#count -= length
    return bits
  }

  /** Throws `UnpackError` UNPACK_TRUNCATED if bits behind the end were read. */
  checkEnd(): void {
    if (this.#at - (this.#count >> 3) > this.#bytes.length) {
      throw truncated('it ends too early')
    }
  }

  /** Passes over the rest of a byte; bytes that were looked at are at hand again. */
  align(): void {
    this.#at -= this.#count >> 3
    this.#count = 0
  }

  /** Ends the source. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }
}
