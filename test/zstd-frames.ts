/** Whether frames of zstd are decoded one by one, and so are counted: Node 26 decodes all with one decoder, in a fraction of the time. */
export const ZSTD_FRAMES_ARE_COUNTED = Number(process.versions.node.split('.')[0]) < 26
