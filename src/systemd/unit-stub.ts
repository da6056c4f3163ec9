/** A unit: one of the image's own, or one of its store paths that is enabled, masked or changed. */
export interface UnitStub {
  /** The unit file. Absent for a unit of the store paths. */
  text?: string | Uint8Array
  /**
   * Whether it is enabled, as its `[Install]` section says. Default false, which leaves a unit of the store paths as it is: only
   * `mask` keeps it from starting.
   */
  enable?: boolean
  /** Whether it cannot be started at all. Default false. */
  mask?: boolean
  /** Files that change parts of it, by name (`10-limits.conf`). */
  dropIns?: Readonly<Record<string, string | Uint8Array>>
  /** Its origin, for messages. Default: the unit stubs. */
  origin?: string
}
