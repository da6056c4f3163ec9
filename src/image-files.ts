/**
 * Names of the files of an image, which lie in one folder. `machinectl pull-tar` looks for them beside the image, so all but
 * the manifest are given by systemd (`src/import/pull-common.c`).
 */

/** Checksums of the images in a folder, their settings and their manifests. */
export const CHECKSUMS_FILE = 'SHA256SUMS'

/**
 * Detached OpenPGP signatures of {@link CHECKSUMS_FILE}, binary and armored. systemd 252 to 257 look for the first only, 258
 * and newer for both; neither asks for them where a `NAME.sha256` lies beside the image, so there is none.
 */
export const SIGNATURE_FILES = { binary: `${CHECKSUMS_FILE}.gpg`, armored: `${CHECKSUMS_FILE}.asc` } as const

/** The symlink to what is published now, in a folder of publications; in there, the list of its versions. See `publish`. */
export const LATEST = '.latest'
export const RECORD_FILE = 'publication.json'

/** Bytes of checksums, of a signature and of settings that `machinectl pull-tar` downloads at the most. */
export const COMPANION_MAX = 1024 * 1024

/** Whether a file has the name of settings of systemd-nspawn. */
export function isSettingsFile(file: string): boolean {
  return file.endsWith(SETTINGS_SUFFIX)
}

const SETTINGS_SUFFIX = '.nspawn'

/** The settings of an image or a machine. */
export function settingsFileOf(name: string): string {
  return name + SETTINGS_SUFFIX
}

/** Whether a file has the name of a manifest. */
export function isManifestFile(file: string): boolean {
  return file.endsWith(MANIFEST_SUFFIX)
}

const MANIFEST_SUFFIX = '.manifest.json'

/** The manifest of an image. */
export function manifestFileOf(name: string): string {
  return name + MANIFEST_SUFFIX
}

/** Checksums of one image alone, by other programs: systemd 252 to 257 look for them first. */
export function ownChecksumsFileOf(imageFile: string): string {
  return `${imageFile}.sha256`
}

/** How a URL names a file in its folder. Systemd looks for it in checksums under this name (`src/import/pull-common.c`). */
export function urlNameOf(file: string): string {
  return encodeURIComponent(file).replace(/%(?:2[4689BC]|3[ABD]|40)/g, decodeURIComponent)
}

/** Suffixes that pull-tar cuts off the name of an image to find its settings; zst from 258 on. */
const IMAGE_SUFFIX = /\.(?:tar|tar\.xz|tar\.gz|tar\.bz2|tar\.zst|tgz)$/

/** Whether a file has the name of an image that is not hidden. */
export function isImageFile(file: string): boolean {
  return IMAGE_SUFFIX.test(file) && !file.startsWith('.')
}

/** The name of an image by that of its file. */
export function imageNameOf(imageFile: string): string {
  return imageFile.replace(IMAGE_SUFFIX, '')
}
