/** The data of the page of sizes, as JSON in it. Sizes are in bytes; store paths are named by their index in `paths`. */
export interface SizesData {
  readonly title: string
  readonly fileSize: number
  readonly tarSize: number
  readonly narSize: number
  /** The toplevel first, if there is one. */
  readonly roots: readonly number[]
  readonly paths: readonly PathData[]
  /** Everything that is not a store path. */
  readonly others: readonly OtherData[]
}

/** A store path. */
export interface PathData {
  /** Its hash and its name. */
  readonly hash: string
  readonly name: string
  /** Its place in `KINDS`. */
  readonly kind: number
  readonly nar: number
  readonly tar: number
  readonly file: number
  readonly closure: number
  readonly added: number
  readonly addedFile: number
  /** -1 for none. */
  readonly keeper: number
  readonly references: readonly number[]
}

/** Bytes of an image that belong to no store path. */
export interface OtherData {
  readonly name: string
  readonly tar: number
  readonly file: number
}
