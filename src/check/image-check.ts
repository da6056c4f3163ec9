import { type ByteString, byteString, EMPTY, encodeText, joinPath } from '../bytes/index.ts'
import { REGISTRATION_FILE } from '../stored-paths.ts'
import { type Lookup, resolvePath, type TreeEntry } from '../tree/index.ts'
import { checkActivation } from './activation.ts'
import { checkBoot, type Init, withBaseLinks } from './boot.ts'
import type { CheckedEntry } from './checked-entry.ts'
import type { System } from './elf.ts'
import { createEntriesCheck } from './entries.ts'
import { createFindings, type Finding, type Report } from './findings.ts'
import type { ImageTree } from './image-tree.ts'
import { STORE_NAMES_MAX } from './limits.ts'
import { checkLogins } from './logins.ts'
import { checkRegistration, checkRegistrationIsLoaded } from './registration.ts'
import { checkRoot } from './root.ts'
import { type SystemdVersion, versionsOf } from './versions.ts'

/** What is known of an image besides its entries. Plain data. */
export interface ImageCheckOptions {
  /** The system that the image is for. Absent: any. */
  readonly system?: System
  /** The version of systemd that it has to fit. Absent: all that are known. Findings that do not concern it are left out. */
  readonly systemd?: SystemdVersion
}

/** What an image holds besides the entries that a check was shown. */
export interface Unseen {
  /** Tells what stands at a path that no entry has. */
  readonly lookup?: Lookup
  /** Base names of store paths. */
  readonly storePaths?: Iterable<string>
  /** Whether entries are missing that could not be read: then nothing is said of what is not there. Default false. */
  readonly isPartial?: boolean
}

/** What a check of the entries came to. Plain data. */
export interface ImageVerdict {
  readonly findings: readonly Finding[]
  /** The system that the init of the image is for, if that can be told. */
  readonly system?: System
  /** Base names of all that lies in `nix/store`, sorted. */
  readonly storePaths: readonly string[]
}

/** A check of an image whose entries come one after the other. */
export interface ImageCheck {
  /** For findings of the reader of the entries. */
  readonly report: Report
  /** The next entry, in the order of the archive. */
  entry(entry: CheckedEntry): void
  /** To be called once, when there are no more. What `lookup` throws goes through. */
  finish(unseen?: Unseen): Promise<ImageVerdict>
}

/** Where Nix in the machine remembers its store paths, once it has run there. */
const DATABASE_FILE = byteString`nix/var/nix/db/db.sqlite`

/** Kept between store paths by Nix itself: hard links to equal files. */
const LINKS_FOLDER = '.links'

/**
 * Begins a check of what is in an image: whether importers take its entries, systemd-nspawn boots it, and Nix in it
 * finds what it looks for. Pure; it keeps a small record of each entry, with the head of a file as it was given. Throws
 * `RangeError` for a version of systemd that is not known.
 */
export function createImageCheck(options: ImageCheckOptions = {}): ImageCheck {
  const { report, list } = createFindings(versionsOf(options.systemd))
  const entries = createEntriesCheck(report)
  const storePaths = new Set<ByteString>()
  return {
    report,
    entry(entry) {
      entries.add(entry)
    },
    async finish({ lookup = async () => undefined, storePaths: unseen = [], isPartial = false } = {}) {
      const hasRoom = addStorePaths(storePaths, entries.tree, report)
      for (const name of unseen) storePaths.add(encodeText(name))
      if (isPartial || entries.isCut) return { findings: list(), storePaths: [...storePaths].sort() }
      entries.finish()
      const tree: Lookup = async path => entries.tree.get(path) ?? lookup(path)
      const root = await findRoot(tree, entries.tree)
      if (root !== '') report('nested', 'holds the whole tree, and is taken away when that is imported', { path: root })
      checkRoot(entries.top(root.slice(0, -1)), root, report)
      const lookIn = withBaseLinks(path => tree(byteString`${root}${path}`))
      const { system, init } = await checkBoot(lookIn, options.system, report)
      if (init) await checkSystem(lookIn, init, { tree: entries.tree, storePaths }, report)
      const database = await tree(DATABASE_FILE)
      if (hasRoom) checkRegistration(entries.registration, storePaths, database !== undefined, report)
      return { findings: list(), ...(system && { system }), storePaths: [...storePaths].sort() }
    },
  }
}

/** Checks entries in memory, in the order of the archive, together with what lies beside them. */
export async function checkTree(
  entries: Iterable<TreeEntry>,
  options: ImageCheckOptions = {},
  unseen: Unseen = {},
): Promise<ImageVerdict> {
  const check = createImageCheck(options)
  for (const entry of entries) check.entry(entry)
  return check.finish(unseen)
}

/** Whether the system in an image activates itself, lets people log in, and loads its Nix database. */
async function checkSystem(
  lookup: Lookup,
  init: Init,
  { tree, storePaths }: { readonly tree: ImageTree; readonly storePaths: Iterable<ByteString> },
  report: Report,
): Promise<void> {
  const nixos = await checkActivation(lookup, init, report)
  await checkLogins(lookup, nixos?.toplevel, tree, report)
  if (nixos === undefined || (await lookup(REGISTRATION_FILE)) === undefined) return
  // A system without Nix has no use for it.
  const ofNix = ['etc/nix/nix.conf', 'sw/bin/nix-store'].map(path =>
    resolvePath(lookup, joinPath(nixos.toplevel, encodeText(path))),
  )
  if ((await Promise.all(ofNix)).every(({ node }) => node === undefined)) return
  await checkRegistrationIsLoaded(lookup, { init: init.program.path, ...nixos }, tree, storePaths, report)
}

/** '' for a tree that begins at the top, `NAME/` for one that lies in the one directory there. */
async function findRoot(lookup: Lookup, tree: ImageTree): Promise<ByteString> {
  const isOsTree = async (root: ByteString) =>
    (await lookup(byteString`${root}etc/os-release`)) !== undefined ||
    (await lookup(byteString`${root}usr/lib/os-release`)) !== undefined
  let top: ByteString | undefined
  for (const name of tree.names(EMPTY)) {
    if (top !== undefined) return EMPTY
    top = name
  }
  if (top === undefined || (await isOsTree(EMPTY))) return EMPTY
  const folder = byteString`${top}/`
  return (await isOsTree(folder)) ? folder : EMPTY
}

/** Adds what lies in the store of an image; whether it is so little that it can be kept. */
function addStorePaths(storePaths: Set<ByteString>, tree: ImageTree, report: Report): boolean {
  for (const name of tree.names(byteString`nix/store`)) {
    if (storePaths.size === STORE_NAMES_MAX) {
      const message = `has more than ${STORE_NAMES_MAX} store paths: they are not compared with its ${REGISTRATION_FILE}`
      report('limits', message)
      return false
    }
    if (name !== LINKS_FOLDER) storePaths.add(name)
  }
  return true
}
