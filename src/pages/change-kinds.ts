/** How a package may have changed, in the order of the legend. */
export const CHANGE_KINDS = ['upgraded', 'downgraded', 'changed', 'added', 'removed', 'rebuilt'] as const
