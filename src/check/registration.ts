import { type ByteString, decodeByteString } from '../bytes/index.ts'
import {
  DEFAULT_STORE_DIR,
  type NixError,
  type PathInfo,
  parseRegistration,
  parseStorePathBaseName,
} from '../nix/index.ts'
import { headSize, REGISTRATION_FILE } from './entry.ts'
import type { Report } from './findings.ts'
import { type Lookup, resolvePath } from './resolve.ts'

/**
 * Compares what `nix-path-registration` says of the store paths in an image with the names in its `nix/store`. What it does
 * not list may be in the database that a machine has which was started before: `isDatabaseThere`.
 */
export function checkRegistration(
  contents: Uint8Array | undefined,
  storeNames: ReadonlySet<string>,
  isDatabaseThere: boolean,
  report: Report,
): void {
  const path = REGISTRATION_FILE
  if (contents === undefined) {
    if (storeNames.size === 0 || isDatabaseThere) return
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
      if (isDatabaseThere || listed.has(reference.baseName)) continue
      report('registration', `lists ${storePath.path}, but not ${reference.path}, to which that refers`, { path })
    }
  }
  for (const name of storeNames) {
    if (isDatabaseThere || listed.has(name)) continue
    const message = isStorePathName(name)
      ? `does not list ${DEFAULT_STORE_DIR}/${name}: Nix in the machine deletes it as garbage`
      : `cannot list ${DEFAULT_STORE_DIR}/${name}, which is no store path`
    report('registration', message, { path, severity: 'warning' })
  }
}

/**
 * Checks that a NixOS system loads its registration: that the stage-2 script, the commands that it runs, the
 * activation or a unit name the file. `init` is the stage-2 script, `toplevel` the folder of the system, `paths` are those of all
 * entries, `storeNames` the names in `nix/store`.
 */
export async function checkRegistrationIsLoaded(
  lookup: Lookup,
  startup: { readonly init: ByteString; readonly toplevel: ByteString },
  paths: Iterable<ByteString>,
  storeNames: Iterable<string>,
  report: Report,
): Promise<void> {
  const units = [...paths].filter(path => path.startsWith('etc/systemd/'))
  const parts = [...storeNames].flatMap(name => {
    const path = `nix/store/${name}`
    // Nixpkgs has a store path for each unit, one for its script, and one for boot.postBootCommands.
    const [, script, unit] = /-unit-(script-)?(.+)$/.exec(name) ?? []
    if (unit !== undefined) return [script === undefined ? `${path}/${unit}` : `${path}/bin/${unit}`]
    return name.endsWith('-local-cmds') ? [path] : []
  })
  // Where one of them does, its name mostly says so: then no other need be looked at.
  const likely = (path: string) => (/regist|nix-path|local-cmds/.test(path) ? 0 : 1)
  const texts = [
    startup.init,
    `${startup.toplevel}/activate`,
    ...[...units, ...parts].sort((a, b) => likely(a) - likely(b)),
  ]
  for (const path of texts) if (await mayName(lookup, path)) return
  const message =
    'no script or unit loads it, so the Nix database in the machine stays empty: load it in a unit or in ' +
    `boot.postBootCommands, with nix-store --load-db < /${REGISTRATION_FILE}`
  report('registration', message, { path: REGISTRATION_FILE, severity: 'warning' })
}

/** Whether a text names the registration, or one that it executes; true, too, if it is too long to be known. */
async function mayName(lookup: Lookup, path: ByteString): Promise<boolean> {
  const { node, path: real } = await resolvePath(lookup, path)
  if (node?.type !== 'file') return false
  if (node.head === undefined || node.head.length >= headSize(real, node.mode)) return true
  const text = decodeByteString(node.head)
  if (text.includes(`/${REGISTRATION_FILE}`)) return true
  const [, program] = /^ExecStart=[-@:+!]*\/(nix\/store\/\S+)/m.exec(text) ?? []
  const script = program === undefined ? undefined : (await resolvePath(lookup, program)).node?.head
  return script !== undefined && decodeByteString(script).includes(`/${REGISTRATION_FILE}`)
}

function isStorePathName(name: string): boolean {
  try {
    parseStorePathBaseName(name)
    return true
  } catch {
    return false
  }
}
