import { basename, dirname } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { decodePercent } from '../decode-percent.ts'
import {
  checkArchive,
  checkDelivery,
  concerns,
  type Finding,
  RULES,
  type Rule,
  SYSTEMD_VERSIONS,
  SYSTEMS,
  type System,
  type SystemdVersion,
  type SystemdVersions,
} from '../index.ts'
import { isHttp } from '../is-http.ts'
import { formatBytes } from '../units.ts'
import { type Line, print, printJson, printLines } from './print.ts'
import { pathOrUrl, somePath, UsageError } from './usage.ts'
import { keepYoungMemorySmall } from './young-memory.ts'

interface CheckFlags {
  system?: System
  systemd?: SystemdVersion
  rules?: true
  json?: true
  netrcFile?: string
  tokenFile?: string
}

const EPILOGUE = `
IMAGE is a path or URL of a tar archive, plain or compressed with xz, gzip,
bzip2, zstd or lz4; "-" is standard input. The files beside it are checked, too.
If a finding concerns only some versions of systemd, it names them.

Exit codes: 0 systemd imports it, 1 it does not, or the imported machine is
broken, 2 wrong usage.

Topic: nspawn-rootfs help checking`

const { oldest, newest } = SYSTEMD_VERSIONS

/** Adds the argument and options of the command `check`, and what it does. */
export function defineCheck(check: Command): void {
  check
    .argument('[IMAGE]', 'path or URL of an image, whoever made it', imageOrStdin)
    .addOption(new Option('--system <SYSTEM>', 'system that the image must be for (default: any)').choices(SYSTEMS))
    .option(
      '--systemd <VERSION>',
      `version it must fit: ${oldest} to ${newest}, oldest or newest (default: all)`,
      systemdVersion,
    )
    .option('--rules', 'print all rules with their reasons and sources')
    .option('--netrc-file <FILE>', 'netrc file with a user name and password for the server', somePath)
    .option('--token-file <FILE>', 'file with a bearer token for the server', somePath)
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EPILOGUE)
    .action(runCheck)
}

function imageOrStdin(text: string): string {
  return text === '-' ? text : pathOrUrl(text)
}

async function runCheck(image: string | undefined, flags: CheckFlags): Promise<void> {
  const { system, systemd, rules, json, netrcFile, tokenFile } = flags
  if (rules) {
    if (json) printJson(RULES)
    else print(RULES.map(formatRule).join('\n'))
    return
  }
  if (image === undefined) throw new UsageError('nothing to check: give an IMAGE, or --rules')
  keepYoungMemorySmall()
  const server = { netrcFile, tokenFile }
  const report = await checkArchive(image === '-' ? process.stdin : image, { system, systemd, ...server })
  const { digest } = report
  const beside = image === '-' ? [] : await checkDelivery(...placeOf(image), { systemd, digest, ...server })
  const findings = [...report.findings, ...beside]
  const isBroken = findings.some(({ severity }) => severity === 'error')
  if (json) {
    printJson({ ...report, findings, fits: !isBroken })
  } else {
    const { size, tarSize, entries, storePaths, compression } = report
    printLines([
      ...findings.map(formatFinding),
      `${image}: ${formatBytes(size)} (${compression}), ${formatBytes(tarSize)} of tar, ${entries} entries, ` +
        `${storePaths.length} store paths${report.system ? `, ${report.system}` : ''}`,
      ...verdict(findings, report.systemd),
    ])
  }
  if (isBroken) process.exitCode = 1
}

/** The folder of an image, and its name there. */
function placeOf(image: string): [folder: string, file: string] {
  if (!isHttp(image)) return [dirname(image), basename(image)]
  const { pathname } = new URL(image)
  const file = pathname.slice(pathname.lastIndexOf('/') + 1)
  return [new URL('.', image).href, decodePercent(file)]
}

/** Which of the versions import the image. */
function verdict(findings: readonly Finding[], { oldest, newest }: SystemdVersions): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error')
  const all = Array.from({ length: newest - oldest + 1 }, (_, i) => oldest + i)
  const good = all.filter(version => !errors.some(each => concerns(each, version)))
  const bad = all.filter(version => !good.includes(version))
  return [
    ...(good.length > 0 ? [`systemd ${ranges(good)} imports it`] : []),
    ...(bad.length > 0 ? [`systemd ${ranges(bad)} does not import it, or what it imports is broken`] : []),
  ]
}

/** Ascending numbers as text: `252 to 257, 262`. */
function ranges(numbers: readonly number[]): string {
  const starts = numbers.filter(each => !numbers.includes(each - 1))
  const ends = numbers.filter(each => !numbers.includes(each + 1))
  return starts.map((start, i) => (start === ends[i] ? `${start}` : `${start} to ${ends[i]}`)).join(', ')
}

function systemdVersion(text: string): SystemdVersion {
  if (text === 'oldest' || text === 'newest') return text
  const version = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (version >= oldest && version <= newest) return version
  throw new InvalidArgumentError(`known are ${oldest} to ${newest}, oldest and newest`)
}

function formatFinding({ rule, severity, path, message, since, until }: Finding): Line {
  const colors = { error: 'red', warning: 'yellow', note: 'dim' } as const
  const where = path === undefined ? '' : `${path}: `
  return [{ style: colors[severity], text: severity }, ` ${rule}: ${where}${message}${versions({ since, until })}`]
}

function formatRule(rule: Rule): string {
  const { name, severity, reason, source } = rule
  return `${name} (${severity}${versions(rule)})\n  ${reason}\n  ${source}`
}

/** The versions of systemd that a finding concerns. */
function versions({ since, until }: { since?: number; until?: number }): string {
  if (since === undefined && until === undefined) return ''
  if (since === until) return ` (systemd ${since})`
  return until === undefined
    ? ` (systemd ${since} and newer)`
    : ` (systemd ${since ? `${since} to` : 'up to'} ${until})`
}
