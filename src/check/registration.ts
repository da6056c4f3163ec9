import { type ByteString, byteString, decodeByteString, EMPTY, joinPath } from '../bytes/index.ts'
import { DEFAULT_STORE_DIR, type NixError, parseStorePathBaseName, walkRegistration } from '../nix/index.ts'
import { REGISTRATION_FILE, REGISTRATION_MAX } from '../stored-paths.ts'
import { type Lookup, resolvePath } from '../tree/index.ts'
import { headSize } from './checked-entry.ts'
import type { Report } from './findings.ts'
import type { ImageTree } from './image-tree.ts'
import { TEXTS_MAX } from './limits.ts'
import { shown } from './shown.ts'

/**
 * Compares what `nix-path-registration` says of the store paths in an image with the names in its `nix/store`. What it does
 * not list may be in the database that a machine has which was started before: `isDatabaseThere`.
 */
export function checkRegistration(
  contents: Uint8Array | undefined,
  storeNames: ReadonlySet<ByteString>,
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
  if (contents.length === REGISTRATION_MAX) {
    const message = `has ${REGISTRATION_MAX} bytes or more, as many as a check reads: it is not compared with the store`
    report('limits', message, { path })
    return
  }
  let listed: Listed
  try {
    listed = readListed(contents)
  } catch (error) {
    report('registration', (error as NixError).message, { path })
    return
  }
  const { names, isTwice, missing } = listed
  if (isTwice) report('registration', 'lists a store path twice', { path, severity: 'warning' })
  for (const name of names) {
    if (storeNames.has(name)) continue
    report('registration', `lists ${DEFAULT_STORE_DIR}/${name}, which is not in the image`, { path })
  }
  for (const [name, reference] of isDatabaseThere ? [] : missing()) {
    const message = `lists ${DEFAULT_STORE_DIR}/${name}, but not ${DEFAULT_STORE_DIR}/${reference}, to which that refers`
    report('registration', message, { path })
  }
  for (const name of storeNames) {
    if (isDatabaseThere || names.has(name)) continue
    const message = isStorePathName(name)
      ? `does not list ${DEFAULT_STORE_DIR}/${name}: Nix in the machine deletes it as garbage`
      : `cannot list ${DEFAULT_STORE_DIR}/${shown(name)}, which is no store path`
    report('registration', message, { path, severity: 'warning' })
  }
}

/** What a registration lists, by base names. */
interface Listed {
  readonly names: ReadonlySet<ByteString>
  readonly isTwice: boolean
  /** A store path with a reference of its that is not listed, for each of them. */
  missing(): Generator<readonly [name: string, reference: string]>
}

/** Reads a registration, of which only names are kept, each once. Throws `NixError`. */
function readListed(contents: Uint8Array): Listed {
  const names = new Set<ByteString>()
  /** A number for each name that is referred to. */
  const numbers = new Map<ByteString, number>()
  /** References to what was not listed by then: who refers, and the number of what it refers to. */
  const referrers: ByteString[] = []
  const references: number[] = []
  let isTwice = false
  let name = EMPTY
  const text = Buffer.from(contents.buffer, contents.byteOffset, contents.length).toString('latin1')
  for (const item of walkRegistration(text)) {
    // A name that is a part of the whole text would keep that; the text has one character a byte.
    const baseName = Buffer.from(item.path.baseName, 'latin1').toString('latin1') as ByteString
    if (item.kind === 'record') {
      name = baseName
      isTwice ||= names.has(name)
      names.add(name)
    } else if (!names.has(baseName)) {
      const number = numbers.get(baseName) ?? numbers.size
      numbers.set(baseName, number)
      referrers.push(name)
      references.push(number)
    }
  }
  return {
    names,
    isTwice,
    *missing() {
      const referred = [...numbers.keys()]
      for (const [i, referrer] of referrers.entries()) {
        const reference = referred[references[i]!]!
        if (!names.has(reference)) yield [referrer, reference]
      }
    },
  }
}

/**
 * Checks that a NixOS system loads its registration: that the stage-2 script, the commands that it runs, the
 * activation or a unit name the file. `init` is the stage-2 script, `toplevel` the folder of the system, `storeNames` are the
 * names in `nix/store`. If there are very many units, that is taken to be so.
 */
export async function checkRegistrationIsLoaded(
  lookup: Lookup,
  startup: { readonly init: ByteString; readonly toplevel: ByteString },
  tree: ImageTree,
  storeNames: Iterable<ByteString>,
  report: Report,
): Promise<void> {
  const units: ByteString[] = []
  for (const path of tree.below(byteString`etc/systemd`)) if (units.push(path) === TEXTS_MAX) return
  const parts = [...storeNames].flatMap(name => {
    const path = byteString`nix/store/${name}`
    // Nixpkgs has a store path for each unit, one for its script, and one for boot.postBootCommands.
    const [, script, unit] = name.match(/-unit-(script-)?(.+)$/) ?? []
    if (unit !== undefined) return [joinPath(script === undefined ? path : byteString`${path}/bin`, unit)]
    return name.endsWith('-local-cmds') ? [path] : []
  })
  // Where one of them does, its name mostly says so: then no other need be looked at.
  const likely = (path: string) => (/regist|nix-path|local-cmds/.test(path) ? 0 : 1)
  const texts = [
    startup.init,
    byteString`${startup.toplevel}/activate`,
    ...[...units, ...parts].sort((a, b) => likely(a) - likely(b)),
  ]
  if (texts.length > TEXTS_MAX) return
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
  if (node.program !== undefined) return false
  const { contents, mode } = node
  if (contents === undefined || contents.length >= headSize(real, mode)) return true
  const text = decodeByteString(contents)
  if (text.includes(`/${REGISTRATION_FILE}`)) return true
  const program = text.match(/^ExecStart=[-@:+!]*\/(nix\/store\/\S+)/m)?.[1]
  const script = program === undefined ? undefined : (await resolvePath(lookup, program)).node
  if (script?.type !== 'file' || script.contents === undefined) return false
  return decodeByteString(script.contents).includes(`/${REGISTRATION_FILE}`)
}

function isStorePathName(name: string): boolean {
  try {
    parseStorePathBaseName(name)
    return true
  } catch {
    return false
  }
}
