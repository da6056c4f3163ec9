import { type ByteString, byteString, encodeText } from '../bytes/index.ts'
import { isExecutable, isThere, type Lookup, type Resolution, resolvePath } from '../tree/index.ts'
import type { RuleName } from './catalogue.ts'
import { identifyProgram, MACHINES, type System, systemOfMachine } from './elf.ts'
import type { Report } from './findings.ts'
import { shownLinks, shownPath, shownWay } from './shown.ts'
import { checkStartUp } from './start-up.ts'

const OS_RELEASE = ['etc/os-release', 'usr/lib/os-release'].map(encodeText)
const INITS = ['usr/lib/systemd/systemd', 'lib/systemd/systemd', 'sbin/init'].map(encodeText)
/** Links that systemd-nspawn adds to a root that lacks them (systemd `src/shared/base-filesystem.c`). */
const BASE_LINKS: ReadonlyMap<string, ByteString> = new Map([
  ['bin', byteString`usr/bin`],
  ['lib', byteString`usr/lib`],
  ['sbin', byteString`usr/sbin`],
])
/** Scripts that the kernel follows from interpreter to interpreter (execve(2)). */
const SCRIPTS_MAX = 4

/** What systemd-nspawn boots. */
export interface Boot {
  /** What system its init is for, if that can be told. */
  readonly system?: System
  /** Absent if there is nothing to execute. */
  readonly init?: Init
}

/** What systemd-nspawn executes. */
export interface Init {
  /** The path by which it finds it. */
  readonly path: ByteString
  /** Where that leads. */
  readonly program: Resolution
}

/** Whether systemd-nspawn can boot the tree, and what it boots. */
export async function checkBoot(lookup: Lookup, system: System | undefined, report: Report): Promise<Boot> {
  const init = await checkInit(lookup, system, report)
  await checkOsRelease(lookup, init.exists, report)
  await checkStartUp(lookup, init.exists, report)
  if ((await resolvePath(lookup, byteString`usr`)).node?.type !== 'directory') {
    report(
      'usr',
      'there is no directory /usr before the first boot: systemd-nspawn boots the machine, but starts no single program in it',
    )
  }
  return { ...(init.system && { system: init.system }), ...(init.init && { init: init.init }) }
}

/** A tree with the links that systemd-nspawn adds to it. */
export function withBaseLinks(tree: Lookup): Lookup {
  return async path => {
    const node = await tree(path)
    const target = BASE_LINKS.get(path)
    if (node !== undefined || target === undefined || (await tree(target)) === undefined) return node
    return { type: 'symlink', target }
  }
}

async function checkOsRelease(lookup: Lookup, isMeantToBoot: boolean, report: Report): Promise<void> {
  const broken: Resolution[] = []
  for (const path of OS_RELEASE) {
    if (!(await isThere(lookup, path))) continue
    const found = await resolvePath(lookup, path)
    if (found.node !== undefined) {
      if (found.node.type !== 'file') {
        const message = `is a ${found.node.type}: the machine starts, and nobody in it knows what system that is`
        report('os-release', message, { path, severity: 'warning' })
        return
      }
      if (!found.links.some(({ target }) => target.startsWith('/'))) return
      const message = `is an absolute symlink (${shownLinks(found).join(', ')}), which old versions of systemd-nspawn refuse`
      report('os-release', message, { path, severity: 'note' })
      return
    }
    broken.push(found)
  }
  const why = broken.map(found => ` (${shownWay(found)} is not there)`)
  const missing = `there is no ${OS_RELEASE.map(shownPath).join(' and no ')}${why.join('')}`
  const message = `${missing}: systemd-nspawn --boot refuses the tree`
  report('os-release', message, isMeantToBoot ? {} : { severity: 'warning' })
}

/** A reason not to execute a program. */
interface Problem {
  readonly rule: RuleName
  readonly message: string
}

async function checkInit(
  lookup: Lookup,
  system: System | undefined,
  report: Report,
): Promise<{ readonly exists: boolean; readonly system?: System; readonly init?: Init }> {
  const problems: (Problem & { readonly path: ByteString; readonly end: ByteString })[] = []
  for (const path of INITS) {
    if (!(await isThere(lookup, path))) continue
    const found = await resolvePath(lookup, path)
    // Where /lib is a link to /usr/lib, two of the paths are one.
    if (problems.some(problem => problem.end === found.path)) continue
    const outcome = await examineProgram(lookup, found, system)
    if (!('rule' in outcome)) {
      const instead = `${shownPath(path)} is executed instead`
      for (const { rule, message, path } of problems) {
        report(rule, `${message}; ${instead}`, { path, severity: 'warning' })
      }
      return { exists: true, ...outcome, init: { path, program: found } }
    }
    problems.push({ ...outcome, path, end: found.path })
  }
  for (const { rule, message, path } of problems) report(rule, message, { path })
  if (problems.length === 0) {
    const message = `there is none of ${INITS.map(shownPath).join(', ')}: the tree can be imported, but not booted`
    report('init', message, { severity: 'warning' })
  }
  return { exists: problems.length > 0 }
}

/** Whether the kernel executes what a path led to, and for which system that is. */
async function examineProgram(
  lookup: Lookup,
  found: Resolution,
  system: System | undefined,
  scripts = 0,
): Promise<Problem | { readonly system?: System }> {
  const { node } = found
  const where = shownWay(found)
  if (node === undefined) return { rule: 'init', message: `leads to nothing (${where})` }
  if (node.type !== 'file') return { rule: 'init', message: `is a ${node.type}, not a program (${where})` }
  if (!isExecutable(node.mode)) return { rule: 'init', message: `is not executable: chmod +x (${where})` }
  const program = node.program ?? (node.contents && identifyProgram(node.contents))
  if (program === undefined) return {}
  if (program.kind === 'unknown') {
    return { rule: 'init', message: `is neither an ELF file nor a script with "#!" (${where})` }
  }
  if (program.kind === 'elf' && system !== undefined && program.machine !== MACHINES[system]) {
    const found = systemOfMachine(program.machine) ?? `ELF machine ${program.machine}`
    return { rule: 'init-machine', message: `is a program for ${found}, but the image is for ${system} (${where})` }
  }
  const own = program.kind === 'elf' ? systemOfMachine(program.machine) : undefined
  if (program.interpreter === undefined) return own ? { system: own } : {}
  const interpreter = await resolvePath(lookup, program.interpreter)
  if (interpreter.node === undefined) {
    const message = `needs the interpreter ${shownPath(program.interpreter)}, which is not there (${where})`
    return { rule: program.kind === 'elf' ? 'init-machine' : 'init', message }
  }
  if (program.kind === 'elf') return own ? { system: own } : {}
  if (scripts === SCRIPTS_MAX) return { rule: 'init', message: `has too many scripts for interpreters (${where})` }
  return examineProgram(lookup, interpreter, system, scripts + 1)
}
