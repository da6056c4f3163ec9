/**
 * How much a finding weighs. An `error` keeps the image from being imported, from booting, or from loading its Nix
 * database. A `warning` does so for some systems, users or uses, or loses something. A `note` is good to know.
 */
export type Severity = 'error' | 'warning' | 'note'

/** A rule that an image keeps or breaks. Plain data. */
export interface Rule {
  /** In kebab case. */
  readonly name: string
  /** The most that a finding of the rule weighs. */
  readonly severity: Severity
  /** What goes wrong where it is broken. */
  readonly reason: string
  /** Where that can be read: manual pages, files of systemd's repository, issues. */
  readonly source: string
  /** The first systemd version that minds; absent for all from 252 on. */
  readonly since?: number
  /** The last one that minds; absent for all so far. */
  readonly until?: number
}
