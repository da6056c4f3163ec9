/** The script and the style of a page, as pages.config.ts bundles them. */
export interface PageAssets {
  readonly script: string
  readonly style: string
  /** For the policy of the page: `sha256-` and base 64. */
  readonly scriptHash: string
  readonly styleHash: string
}
