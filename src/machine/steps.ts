/**
 * How an image becomes a machine, by commands that people can run themselves. A machine that is replaced runs while its
 * successor is imported beside it, and stays as NAME-previous:
 *
 *     NAME-next        the new tree, until the machine has stopped, or one that did not start
 *     NAME-previous    the tree that the machine had before
 *     NAME-unproven    one that perhaps never ran: the power failed before that was known
 *
 * What the machine has in folders of the host (`Bind=`) is in neither, and stays as it is.
 */
import { settingsFileOf } from '../image-files.ts'
import { TRUSTED_SETTINGS_FOLDER } from '../systemd/index.ts'

/** A command. */
export interface Step {
  readonly command: readonly string[]
  /** The command that brings the previous machine back if this step fails. */
  readonly back?: readonly (readonly string[])[]
  /** Whether it is the image's fault if it fails. */
  readonly isTrial?: true
  /** What its failure says of the image, in words. */
  readonly meaning?: string
  /** What people have to know once it is done. */
  readonly warning?: string
  /** Whether the machine changes from here on: until then it runs as it was. */
  readonly isTurningPoint?: true
  /** Whether it may be ended at any time, as it does nothing but wait. */
  readonly isWait?: true
}

/** The image that becomes a machine. */
export interface MachineRequest {
  readonly machine: string
  /** Path of the image file. */
  readonly image: string
  /** Path of the settings file to install as trusted, if there is one. */
  readonly settings?: string
}

/** The state of a machine that is replaced. */
export interface FoundMachine {
  /** Whether it is there itself: not if a replacement was broken off in the middle. */
  readonly isThere: boolean
  readonly hasPrevious: boolean
  readonly hasNext: boolean
  /** Whether its tree may never have run, while that of NAME-previous has. */
  readonly isUnproven: boolean
  /** Folders with settings of the machine. */
  readonly settingsFolders: readonly string[]
}

/** The commands that import a machine that is not there yet. */
export function importSteps({ machine, image, settings }: MachineRequest): Step[] {
  return [
    { command: importTar(image, machine) },
    ...(settings === undefined ? [] : [{ command: install(settings, trustedSettingsOf(machine)) }]),
  ]
}

/**
 * Seconds to wait before each check that a started machine still runs. systemd calls it active once its init runs, but a boot
 * may fail later. The first check is early, so that a machine that fails at once is replaced at once.
 */
const TRIALS = [5, 25]

/** The commands that replace a machine and start it. Until it is stopped, it stays as it is, though NAME-previous goes. */
export function replaceSteps({ machine, image, settings }: MachineRequest, found: FoundMachine): Step[] {
  const next = nextOf(machine)
  const previous = previousOf(machine)
  const unit = `systemd-nspawn@${machine}.service`
  const start = ['machinectl', 'start', machine]
  const stop = ['systemctl', 'stop', unit]
  // With a tree, machined renames the settings of its machine (systemd `src/shared/discover-image.c`).
  const kept = found.settingsFolders.map(folder =>
    install(`${folder}/${settingsFileOf(previous)}`, `${folder}/${settingsFileOf(machine)}`),
  )
  const installs = settings === undefined ? kept : [install(settings, trustedSettingsOf(machine))]
  const { isUnproven } = found
  const keepsPrevious = isUnproven || !found.isThere
  // What never ran is not started again.
  const backAtFirst = isUnproven ? [] : [start]
  const back = [rename(previous, machine), start]
  const backAgain = [stop, rename(machine, next), ...back]
  const trial = { isTrial: true, back: backAgain } as const
  return [
    // Of an import that was broken off.
    ...(found.hasNext ? [{ command: remove(next) }] : []),
    { command: importTar(image, next) },
    ...(found.hasPrevious && !keepsPrevious ? [{ command: remove(previous) }] : []),
    ...(found.isThere ? [{ command: stop, back: backAtFirst, isTurningPoint: true } as const] : []),
    ...(found.isThere
      ? [
          isUnproven
            ? {
                command: rename(machine, unprovenOf(machine)),
                back: backAtFirst,
                warning: `${unprovenOf(machine)} ${unprovenAdvice(machine)}`,
              }
            : { command: rename(machine, previous), back: backAtFirst },
        ]
      : []),
    { command: rename(next, machine), back, ...(!found.isThere && { isTurningPoint: true }) },
    ...installs.map(command => ({ command, back: backAgain })),
    { command: start, ...trial, meaning: 'the new image does not start' },
    ...TRIALS.flatMap((seconds, index) => {
      const total = TRIALS.slice(0, index + 1).reduce((sum, each) => sum + each)
      const meaning = `the new image did not stay up for ${total} seconds`
      return [
        { command: ['sleep', `${seconds}`], ...trial, isWait: true } as const,
        { command: ['systemctl', '--quiet', 'is-active', unit], ...trial, meaning },
      ]
    }),
  ]
}

/** The name of a new tree until the machine has stopped, and of one that did not start. */
export function nextOf(machine: string): string {
  return `${machine}-next`
}

/** The name of the tree that a machine had before. */
export function previousOf(machine: string): string {
  return `${machine}-previous`
}

/** The name under which a tree is kept that perhaps never ran. */
export function unprovenOf(machine: string): string {
  return `${machine}-unproven`
}

/** What is to be said of that tree, and how to get rid of it. */
export function unprovenAdvice(machine: string): string {
  const remove = `machinectl remove ${unprovenOf(machine)}`
  return `keeps the tree of a replacement that was broken off; take from it what you need, and remove it: ${remove}`
}

function importTar(image: string, machine: string): string[] {
  return ['machinectl', 'import-tar', image, machine]
}

function rename(from: string, to: string): string[] {
  return ['machinectl', 'rename', from, to]
}

function remove(machine: string): string[] {
  return ['machinectl', 'remove', machine]
}

function install(settings: string, target: string): string[] {
  return ['install', '-D', '-m', '644', settings, target]
}

export function trustedSettingsOf(machine: string): string {
  return `${TRUSTED_SETTINGS_FOLDER}/${settingsFileOf(machine)}`
}
