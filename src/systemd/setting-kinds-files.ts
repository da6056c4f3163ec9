/**
 * The kinds of values of [Files] (systemd's `src/nspawn/nspawn-mount.c`). Sources must be absolute; systemd takes others
 * for paths below the folder that it was started in.
 */
import { isPath, type List, matches, path, type SettingKind } from './setting-kinds.ts'

const isSource = matches(/^\+?\//)

/** Splits at colons without a backslash, and undoes the backslashes. */
const parts = (text: string) => text.replace(/\\./g, '_').split(':')

/** `SOURCE[:DESTINATION[:OPTIONS]]`, where a source may be of the image (`+`), or a new folder (nothing). */
function isBind(text: string): boolean {
  const [source, destination = source.replace(/^\+/, ''), options = '', ...more] = parts(text)
  const isKnown = options.split(',').every(matches(/^((no|root|owner)?idmap|(no)?rbind|)$/))
  return (source === '' || isSource(source)) && isPath(destination) && isKnown && more.length === 0
}

/** `LOWER:…:UPPER:DESTINATION`, where no upper is a new folder, or `LOWER:UPPER`. */
function isOverlay(text: string): boolean {
  const [destination = '', upper = '', ...lower] = parts(text).reverse()
  if (lower.length === 0) return isSource(upper) && isSource(destination)
  return lower.every(isSource) && (upper === '' || isSource(upper)) && isPath(destination)
}

export const binds: SettingKind<List<string>> = {
  right:
    'SOURCE, SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS with absolute paths; ' +
    'options are rbind, norbind, idmap, noidmap, rootidmap, owneridmap',
  types: ['string'],
  several: 'lines',
  fits: isBind,
}

export const mounts: SettingKind<List<string>> = {
  right: 'an absolute path, or PATH:OPTIONS',
  types: ['string'],
  several: 'lines',
  fits: isPath,
}

export const paths: SettingKind<List<string>> = {
  right: 'an absolute path',
  types: ['string'],
  several: 'lines',
  fits: isPath,
}

export const overlays: SettingKind<List<string>> = {
  right: 'LOWER:…:UPPER:DESTINATION of absolute paths, at least two',
  types: ['string'],
  several: 'lines',
  fits: isOverlay,
}

export const users: SettingKind<List<string>> = {
  right: 'names of users of the host',
  types: ['string'],
  several: 'words',
  isResettable: true,
  fits: matches(/^[a-zA-Z_][\w-]{0,30}$/),
}

export const booleanOrPath: SettingKind<boolean | string> = {
  right: 'true, false or an absolute path without ..',
  types: ['boolean', 'string'],
  isResettable: true,
  fits: path.fits,
}
