/**
 * How much of an image is looked at and kept. A file of a few kilobytes can stand for millions of names: a check comes to
 * its verdict in less than 300 MB, and in time that grows with the bytes it reads.
 */

/** Names in a path; systemd counts the root, too, to 128. */
export const DEPTH_MAX = 127

/** Bytes kept of the beginnings of all scripts and texts. */
export const HEADS_MAX = 16 * 1024 * 1024

/** Paths that are kept, those of folders without an entry counted, and the bytes of their names and of symlinks' targets. */
export const PATHS_MAX = 2 ** 20
export const NAMES_MAX = 48 * 1024 * 1024

/** Names in `nix/store` that are kept. */
export const STORE_NAMES_MAX = 2 ** 17

/** Units, scripts and their links that are looked at for what a machine does when it starts. */
export const TEXTS_MAX = 2000
