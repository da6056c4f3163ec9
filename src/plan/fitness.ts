/** Whether systemd will import the image and boot it, checked before it is built by the rules of `nspawn-rootfs check`. */
import { checkTree, headSize, SYSTEMS } from '../check/index.ts'
import { reasonOf } from '../disk/index.ts'
import { ImageError } from '../image-error.ts'
import { type Closure, HEAD_SIZE, lookupIn } from '../store/index.ts'
import { type Lookup, type TreeEntry, wholeContents } from '../tree/index.ts'
import type { Warning, WarningCode } from '../warning.ts'

/** The rules for images that are to boot. */
const BOOT_RULES = [
  ...['init', 'os-release', 'usr', 'machine-id', 'mount-point'],
  ...['activation', 'profile', 'container', 'login'],
]

/** The known facts of a planned image. */
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
    throw new ImageError('UNFIT', `/${path}`, errors.map(describe))
  }
  return relevant
    .filter(({ severity }) => severity === 'warning')
    .map(finding => {
      const code = `CHECK_${finding.rule.toUpperCase().replaceAll('-', '_')}` as WarningCode
      return { code, ...(finding.path !== undefined && { path: `/${finding.path}` }), message: describe(finding) }
    })
}

/** Looks into store paths for what the rules look at. */
function createLookup(closure: Closure): Lookup {
  const lookup = lookupIn(closure)
  return async place => {
    const node = await lookup(place).catch(error => {
      // A store path that is missing on disk is reported when it is packed, with a better message.
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
      const path = `/${place.split('/', 3).join('/')}`
      throw new ImageError('UNFIT', path, `${path}: cannot be looked into: ${reasonOf(error)}`, { cause: error })
    })
    if (node?.type !== 'file') return node
    const { type, mode } = node
    const size = headSize(place, mode)
    if (size === 0) return { type, mode }
    return { type, mode, contents: size > HEAD_SIZE ? wholeContents(node) : node.contents?.subarray(0, size) }
  }
}
