/** systemd's importers and systemd-nspawn, without a running systemd. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { ImageEntry } from '../../../src/index.ts'
import type { DebianHost } from './debian-host.ts'
import { execute } from './execute.ts'

const FOLDERS = ['/lib/systemd', '/usr/lib/systemd']

/** Where systemd's own programs are, which are not on PATH; `undefined` if they are not installed. */
export function systemdFolder(): string | undefined {
  return FOLDERS.find(folder => existsSync(join(folder, 'systemd-pull')))
}

/** Imports an image file as `machinectl import-tar` does, into `machines/name`, and returns that. */
export async function importImage(file: string, machines: string, name: string): Promise<string> {
  const program = join(systemdFolder()!, 'systemd-import')
  await execute(program, ['--sync=no', '--image-root', machines, 'tar', file, name])
  return join(machines, name)
}

/** Downloads an image as `machinectl pull-tar --verify=checksum` does. */
export async function pullImage(url: string, machines: string, name: string): Promise<string> {
  const program = join(systemdFolder()!, 'systemd-pull')
  await execute(program, ['--sync=no', '--image-root', machines, '--verify=checksum', 'tar', url, name])
  return join(machines, name)
}

/** What a command in a machine came to. */
export interface Report {
  readonly code: string
  readonly stdout: string
  readonly stderr: string
}

/**
 * A unit that runs `commands` once multi-user.target is reached, leaves what they print in /report, and powers off:
 * entries of an image, or files to {@link plant} in a machine that was imported.
 */
export function reportingUnit(commands: Record<string, string>): ImageEntry[] {
  const unit = [
    '[Unit]',
    'After=multi-user.target',
    '[Service]',
    'Type=oneshot',
    'ExecStart=/usr/bin/sh /report.sh',
    'ExecStopPost=/usr/bin/systemctl poweroff --no-block',
  ]
  const folder = '/etc/systemd/system'
  return [
    { type: 'file', path: `${folder}/report.service`, contents: `${unit.join('\n')}\n` },
    { type: 'symlink', path: `${folder}/multi-user.target.wants/report.service`, target: '../report.service' },
    { type: 'file', path: '/report.sh', contents: reportScript(commands) },
  ]
}

/** A shell script that runs `commands` in a machine and leaves in /report what they print: see {@link readReports}. */
export function reportScript(commands: Record<string, string>): string {
  const lines = Object.entries(commands).map(
    ([name, command]) =>
      `${command} > /report/${name}.stdout 2> /report/${name}.stderr; echo $? > /report/${name}.code`,
  )
  return `mkdir -p /report\n${lines.join('\n')}\n`
}

/** Puts files and symlinks into the root of a machine. */
export function plant(root: string, entries: readonly ImageEntry[]): void {
  for (const entry of entries) {
    const path = join(root, entry.path)
    mkdirSync(dirname(path), { recursive: true })
    if (entry.type === 'file') writeFileSync(path, entry.contents)
    else if (entry.type === 'symlink') symlinkSync(entry.target, path)
    else mkdirSync(path)
  }
}

/** How a machine is booted. */
export interface BootOptions {
  /** The host in whose machines it is. Default: this machine. */
  readonly host?: DebianHost
  /** More flags of systemd-nspawn. */
  readonly flags?: readonly string[]
}

/** Boots a machine, waits until it powers off, and returns what its {@link reportingUnit} reported. */
export async function boot(root: string, { host, flags = [] }: BootOptions = {}): Promise<Record<string, Report>> {
  const directory = host === undefined ? root : `/${relative(host.root, root)}`
  const always = ['--boot', '--register=no', '--keep-unit', '--console=pipe', `--machine=nspawn-rootfs-${process.pid}`]
  const command = ['systemd-nspawn', '--directory', directory, ...always, ...flags]
  // Below a shell of the host it would find no control group of its own.
  const through = ['systemd-run', '--quiet', '--wait', '--pipe', ...command] as const
  const { stdout } = await (host?.run(...through) ?? execute(command[0]!, command.slice(1)))
  const folder = join(root, 'report')
  if (!existsSync(folder)) throw new Error(`${root}: booted, but multi-user.target was not reached:\n${stdout}`)
  return readReports(root)
}

/** What the {@link reportScript} of a machine reported. */
export function readReports(root: string): Record<string, Report> {
  const folder = join(root, 'report')
  const read = (name: string, part: string) => readFileSync(join(folder, `${name}.${part}`), 'utf8').trim()
  const names = readdirSync(folder).flatMap(file => (file.endsWith('.code') ? [file.slice(0, -5)] : []))
  return Object.fromEntries(
    names.map(name => [name, { code: read(name, 'code'), stdout: read(name, 'stdout'), stderr: read(name, 'stderr') }]),
  )
}
