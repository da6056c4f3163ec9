/** Whether systemd will import the image and boot it, checked before it is built by the rules of `nspawn-rootfs check`. */
import type { ByteString } from '../bytes/index.ts'
import { type CheckedNode, checkTree, headSize, type Lookup } from '../check/index.ts'
import { reasonOf } from '../disk/index.ts'
import { ImageError } from '../image-error.ts'
import { type Closure, HEAD_SIZE, StoreError, type StoreNode } from '../store/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import type { Warning, WarningCode } from '../warning.ts'
import { SYSTEMS } from './spec.ts'

/** The rules for images that are to boot. */
const BOOT_RULES = [
  ...['init', 'os-release', 'usr', 'machine-id', 'mount-point'],
  ...['activation', 'profile', 'container', 'login'],
]

/** What is known of an image to be. */
export interface Candidate {
  readonly closure: Closure
  /** All entries outside of the store paths, in the order of the archive. */
  readonly entries: readonly TreeEntry[]
  readonly system: string | undefined
  readonly isToBoot: boolean
}

/** Warnings about an image. Throws `ImageError` UNFIT where it could not be imported, or not boot though it is to. */
export async function checkFitness({ closure, entries, system, isToBoot }: Candidate): Promise<Warning[]> {
  const { findings } = await checkTree(
    entries,
    { system: SYSTEMS.find(one => one === system) },
    { lookup: createLookup(closure), storePaths: closure.paths.map(({ path }) => path.baseName) },
  )
  const relevant = findings.filter(({ rule }) => isToBoot || !BOOT_RULES.includes(rule))
  const describe = ({ path, message }: (typeof findings)[number]) =>
    path === undefined ? message : `/${path}: ${message}`
  const errors = relevant.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    const { path = '' } = errors[0]
    throw new ImageError('UNFIT', `/${path}`, errors.map(describe).join('\n'))
  }
  return relevant
    .filter(({ severity }) => severity === 'warning')
    .map(finding => {
      const code = `CHECK_${finding.rule.toUpperCase().replaceAll('-', '_')}` as WarningCode
      return { code, ...(finding.path !== undefined && { path: `/${finding.path}` }), message: describe(finding) }
    })
}

/** Looks into store paths. */
function createLookup(closure: Closure): Lookup {
  const members = new Map(closure.paths.map(({ path }) => [path.baseName, path]))
  const store = `${closure.storeDir.slice(1)}/`
  return async path => {
    if (!path.startsWith(store)) return undefined
    const [name = '', ...names] = path.slice(store.length).split('/')
    const member = members.get(name)
    return member && (await nodeIn(closure, member, names, path))
  }
}

async function nodeIn(
  closure: Closure,
  path: Parameters<Closure['nodeAt']>[0],
  names: readonly ByteString[],
  place: ByteString,
) {
  const node = await closure.nodeAt(path, names).catch(error => {
    // What is missing on disk is told of, with more to say, by whoever packs the store path.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new ImageError('UNFIT', path.path, `${path.path}: cannot be looked into: ${reasonOf(error)}`, {
      cause: error,
    })
  })
  switch (node?.type) {
    case 'directory':
      return { type: 'directory', mode: 0o555 } as const satisfies CheckedNode
    case 'symlink':
      return { type: 'symlink', mode: 0o777, target: node.target } as const satisfies CheckedNode
    case 'file': {
      const mode = node.executable ? 0o555 : 0o444
      return { type: 'file', mode, head: headOf(node, headSize(place, mode)) } satisfies CheckedNode
    }
    default:
      return undefined
  }
}

/** What the rules look at of a file of which they want `size` bytes. */
function headOf(node: StoreNode & { type: 'file' }, size: number): Uint8Array | undefined {
  if (size <= HEAD_SIZE) return size > 0 ? node.head(size) : undefined
  try {
    return node.read()
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'FILE_TOO_LARGE')) throw error
    return undefined
  }
}
