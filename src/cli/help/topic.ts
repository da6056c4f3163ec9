/** A part of the reference that `nspawn-rootfs help NAME` prints. */
export interface Topic {
  /** Never the name of a command: `help` takes both. */
  readonly name: string
  /** A phrase for the list of topics. */
  readonly summary: string
  /** Lines of at most 80 characters, without a newline at the end. */
  readonly text: string | (() => Promise<string>)
}
