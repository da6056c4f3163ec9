/** The data of the page of differences, as JSON in it. Sizes are in bytes. */
export interface DiffData {
  readonly oldTitle: string
  readonly newTitle: string
  readonly old: SideData
  readonly new: SideData
  /** Whether packages have sizes in the file. */
  readonly hasFileSizes: boolean
  readonly packages: readonly PackageData[]
  readonly sections: readonly SectionData[]
}

/** An image. */
export interface SideData {
  readonly file: number
  readonly nar: number
  readonly paths: number
}

/** A package that changed. */
export interface PackageData {
  readonly name: string
  /** Its place in `CHANGE_KINDS`. */
  readonly kind: number
  readonly oldVersions: readonly string[]
  readonly newVersions: readonly string[]
  readonly oldPaths: readonly string[]
  readonly newPaths: readonly string[]
  readonly oldNar: number
  readonly newNar: number
  /** 0 without sizes in the file. */
  readonly oldFile: number
  readonly newFile: number
}

/** Files of one kind that changed. */
export interface SectionData {
  readonly title: string
  readonly files: readonly FileData[]
  /** How many more differ only in digests, and how many are not listed. */
  readonly onlyDigests: number
  readonly omitted: number
}

/** A file that changed. */
export interface FileData {
  readonly path: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** The changes, in words. */
  readonly description: string
  /** In unified form. */
  readonly diff?: string
}
