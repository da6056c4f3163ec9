import { basename, dirname } from 'node:path'
import { styleText } from 'node:util'
import { type Command, Option } from 'commander'
import { checkArchive, checkDelivery, type Finding, RULES, type Rule, SYSTEMS, type System } from '../index.ts'
import { formatBytes } from './units.ts'
import { somePath, UsageError } from './usage.ts'

interface CheckFlags {
  system?: System
  rules?: true
  json?: true
}

const EPILOGUE = `
IMAGE is a tar archive, plain or compressed with xz, gzip, bzip2 or zstd; - is standard input.
Exit codes: 0 systemd imports it, 1 it does not, or what it imports is broken, 2 wrong usage.`

/** Adds the argument and options of the command `check`, and what it does. */
export function defineCheck(check: Command): void {
  check
    .argument('[IMAGE]', 'image file, whoever made it', somePath)
    .addOption(new Option('--system <SYSTEM>', 'system that it has to be for (default: any)').choices(SYSTEMS))
    .option('--rules', 'print the rules, their reasons and sources')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EPILOGUE)
    .action(runCheck)
}

async function runCheck(image: string | undefined, { system, rules, json }: CheckFlags): Promise<void> {
  if (rules) {
    print(json ? JSON.stringify(RULES) : RULES.map(formatRule).join('\n'))
    return
  }
  if (image === undefined) throw new UsageError('nothing to check: give an IMAGE, or --rules')
  const report = await checkArchive(image === '-' ? process.stdin : image, { system })
  const beside = image === '-' ? [] : await checkDelivery(dirname(image), basename(image))
  const findings = [...report.findings, ...beside]
  const isBroken = findings.some(({ severity }) => severity === 'error')
  if (json) {
    print(JSON.stringify({ ...report, findings }))
  } else {
    const { size, tarSize, entries, storePaths, compression } = report
    print(
      [
        ...findings.map(formatFinding),
        `${image}: ${formatBytes(size)} (${compression}), ${formatBytes(tarSize)} of tar, ${entries} entries, ` +
          `${storePaths.length} store paths${report.system ? `, ${report.system}` : ''}`,
        isBroken ? 'systemd does not import it, or what it imports is broken' : 'systemd imports it',
      ].join('\n'),
    )
  }
  if (isBroken) process.exitCode = 1
}

function formatFinding({ rule, severity, path, message, since, until }: Finding): string {
  const stream = process.stdout
  const colors = { error: 'red', warning: 'yellow', note: 'dim' } as const
  const where = path === undefined ? '' : `${path}: `
  return `${styleText(colors[severity], severity, { stream })} ${rule}: ${where}${message}${versions({ since, until })}`
}

function formatRule(rule: Rule): string {
  const { name, severity, reason, source } = rule
  return `${name} (${severity}${versions(rule)})\n  ${reason}\n  ${source}`
}

/** Which versions of systemd mind. */
function versions({ since, until }: { since?: number; until?: number }): string {
  if (since === undefined && until === undefined) return ''
  if (since === until) return ` (systemd ${since})`
  return until === undefined
    ? ` (systemd ${since} and newer)`
    : ` (systemd ${since ? `${since} to` : 'up to'} ${until})`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
