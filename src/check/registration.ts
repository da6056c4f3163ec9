import { decodeByteString } from '../bytes/index.ts'
import {
  DEFAULT_STORE_DIR,
  type NixError,
  type PathInfo,
  parseRegistration,
  parseStorePathBaseName,
} from '../nix/index.ts'
import { REGISTRATION_FILE } from './entry.ts'
import type { Report } from './findings.ts'

/** Compares what `nix-path-registration` says of the store paths in an image with the names in its `nix/store`. */
export function checkRegistration(
  contents: Uint8Array | undefined,
  storeNames: ReadonlySet<string>,
  report: Report,
): void {
  const path = REGISTRATION_FILE
  if (contents === undefined) {
    if (storeNames.size === 0) return
    const message = `there is none, so Nix in the machine knows none of its ${storeNames.size} store paths`
    report('registration', message, { path, severity: 'warning' })
    return
  }
  let records: PathInfo[]
  try {
    records = parseRegistration(decodeByteString(contents))
  } catch (error) {
    report('registration', (error as NixError).message, { path })
    return
  }
  const listed = new Set(records.map(record => record.path.baseName))
  if (listed.size < records.length) {
    report('registration', 'lists a store path twice', { path, severity: 'warning' })
  }
  for (const { path: storePath, references } of records) {
    if (!storeNames.has(storePath.baseName)) {
      report('registration', `lists ${storePath.path}, which is not in the image`, { path })
    }
    for (const reference of references) {
      if (listed.has(reference.baseName)) continue
      report('registration', `lists ${storePath.path}, but not ${reference.path}, to which that refers`, { path })
    }
  }
  for (const name of storeNames) {
    if (listed.has(name)) continue
    const message = isStorePathName(name)
      ? `does not list ${DEFAULT_STORE_DIR}/${name}: Nix in the machine deletes it as garbage`
      : `cannot list ${DEFAULT_STORE_DIR}/${name}, which is no store path`
    report('registration', message, { path, severity: 'warning' })
  }
}

function isStorePathName(name: string): boolean {
  try {
    parseStorePathBaseName(name)
    return true
  } catch {
    return false
  }
}
