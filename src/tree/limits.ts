/** Bytes of the longest name in a path that a kernel takes, and of the longest path, without its NUL (path_resolution(7)). */
export const NAME_MAX = 255
export const PATH_MAX = 4095
