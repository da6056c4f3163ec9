import { build, type ImageDeclaration } from 'nspawn-rootfs'
import { createNarReader, formatSha256Sri, parseNarInfo } from 'nspawn-rootfs/nix'
import { encodeTarHeader, encodeText } from 'nspawn-rootfs/tar'
import { createXzDecoder } from 'nspawn-rootfs/xz'
import 'nspawn-rootfs/worker'

export const reader = createNarReader()
export const decoder = createXzDecoder()
export const header: Uint8Array = encodeTarHeader({ type: 'directory', path: encodeText('etc'), mode: 0o755 })
// @ts-expect-error: text
export const text: Uint8Array = encodeTarHeader({ type: 'directory', path: 'etc', mode: 0o755 })
export const hash: string = formatSha256Sri(new Uint8Array(32))
export const size: number = parseNarInfo('').narSize
export const declaration: ImageDeclaration = { name: 'web', nspawn: { Exec: { Boot: true } } }
export const start: typeof build = build
// @ts-expect-error: a boolean
export const wrong: ImageDeclaration = { nspawn: { Exec: { Boot: 'si' } } }
