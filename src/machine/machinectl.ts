import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { settingsFileOf } from '../image-files.ts'
import { shellLine } from '../shell-word.ts'
import { TRUSTED_SETTINGS_FOLDER } from '../systemd/index.ts'
import { MachineError } from './errors.ts'
import type { MachineRecord } from './record.ts'
import {
  importSteps,
  type MachineRequest,
  nextOf,
  previousOf,
  replaceSteps,
  type Step,
  unprovenAdvice,
  unprovenOf,
} from './steps.ts'

/** Where systemd-nspawn looks for settings of a machine (systemd.nspawn(5)). */
const SETTINGS_FOLDERS = [TRUSTED_SETTINGS_FOLDER, '/run/systemd/nspawn', '/var/lib/machines']

/** A request, and the known state of the machine. */
export interface Plan {
  readonly request: MachineRequest
  /** Whether a machine that is there is to be replaced. */
  readonly replace: boolean
  readonly record: MachineRecord | undefined
  /** Whether a replacement was broken off, so that the tree of the machine may be one that never ran. */
  readonly isReplacing: boolean
}

/**
 * The commands that make a machine of an image, or that replace the one that is there. Throws `MachineError` MACHINE_EXISTS if
 * it is not to be replaced, or if a name that is needed for it is somebody else's.
 */
export async function planMachine({ request, replace, record, isReplacing }: Plan): Promise<Step[]> {
  const { machine } = request
  const isThere = await hasMachine(machine)
  const hasPrevious = await hasMachine(previousOf(machine))
  const hasNext = await hasMachine(nextOf(machine))
  const isUnproven = isReplacing && hasPrevious
  if (!isThere && !isUnproven) return importSteps(request)
  if (!replace) {
    const message = 'is there already; give --replace to put the image in its place, or another name'
    throw new MachineError('MACHINE_EXISTS', machine, message)
  }
  const inTheWay = hasPrevious ? previousOf(machine) : hasNext ? nextOf(machine) : undefined
  if (inTheWay !== undefined && !record) {
    const message = `is needed to replace ${machine}, but there and not made for that; rename or remove it`
    throw new MachineError('MACHINE_EXISTS', inTheWay, message)
  }
  if (isThere && isUnproven && (await hasMachine(unprovenOf(machine)))) {
    throw new MachineError('MACHINE_EXISTS', unprovenOf(machine), unprovenAdvice(machine))
  }
  const settingsFolders = SETTINGS_FOLDERS.filter(folder => existsSync(`${folder}/${settingsFileOf(machine)}`))
  return replaceSteps(request, { isThere, hasPrevious, hasNext, isUnproven, settingsFolders })
}

/**
 * Whether systemd-machined knows a tree of this name; not where there is no machinectl. Throws `MachineError` MACHINE_FAILED if it
 * does not answer.
 */
export async function hasMachine(machine: string): Promise<boolean> {
  if ((await ask('show-image', machine)) === 0) return true
  // That fails in one way for a tree that is not there, and for a machined that does not answer.
  const code = await ask('list-images')
  if (code === 0 || code === 'ENOENT') return false
  throw new MachineError('MACHINE_FAILED', machine, 'nobody can tell whether it is there: machinectl list-images fails')
}

/** The exit code of machinectl, or the code of the error for which it did not run. */
async function ask(...args: string[]): Promise<number | string | undefined> {
  const child = spawn('machinectl', args, { stdio: 'ignore' })
  return once(child, 'close').then(
    ([code]) => code ?? undefined,
    error => error.code,
  )
}

/** What accompanies the commands that are run. */
export interface RunOptions {
  /** Called with each command before it runs. */
  readonly onStep?: (line: string) => void
  /** Called with what people have to know of what was done. */
  readonly onWarning?: (message: string) => void
  /** Waited for before the machine changes. */
  readonly onTurningPoint?: () => Promise<void>
  /** Waited for when the machine that was there runs again. Must not reject. */
  readonly onBack?: () => Promise<void>
  /** Breaks off before the machine changes, or while it is on trial; in between, all that has begun comes to its end. */
  readonly signal?: AbortSignal
}

/**
 * Runs the commands in order; their output goes to standard error. If one fails after the machine was stopped, the machine that
 * was there is started again. Throws `MachineError` MACHINE_FAILED and MACHINE_DOES_NOT_START.
 */
export async function runSteps(machine: string, steps: readonly Step[], options: RunOptions = {}): Promise<void> {
  const { onStep = () => {}, onWarning = () => {}, onTurningPoint, onBack, signal } = options
  const run = (command: readonly string[], signal?: AbortSignal) => {
    onStep(shellLine(command))
    return runCommand(command, signal)
  }
  const turn = steps.findIndex(step => step.isTurningPoint)
  for (const [index, { command, back = [], warning, ...step }] of steps.entries()) {
    // The step before it removes NAME-previous, which is not to go for nothing.
    if (index <= turn && signal?.aborted) {
      throw new MachineError('MACHINE_FAILED', machine, 'the replacement was broken off; the machine is as it was')
    }
    if (step.isTurningPoint) await onTurningPoint?.()
    const fault = await run(command, step.isWait && signal)
    if (fault === undefined) {
      if (warning !== undefined) onWarning(warning)
      continue
    }
    let rest = back
    while (rest.length > 0 && (await run(rest[0])) === undefined) rest = rest.slice(1)
    const isBack = back.length > 0 && rest.length === 0
    if (isBack) await onBack?.()
    const state = isBack
      ? 'the machine that was there runs again'
      : back.length === 0
        ? 'the machine is as it was'
        : `the machine that was there does not run; what is left to do: ${rest.map(shellLine).join('; ')}`
    // Somebody who ended a command has found no fault with the image.
    const isOfImage = step.isTrial && !fault.isOfSignal
    const what = `${shellLine(command)} ${fault.reason}`
    if (!isOfImage || step.meaning === undefined) {
      throw new MachineError(isOfImage ? 'MACHINE_DOES_NOT_START' : 'MACHINE_FAILED', machine, `${what}; ${state}`)
    }
    const tree = isBack ? `its tree is ${nextOf(machine)} until the next replacement; ` : ''
    const advice = `${tree}see journalctl -u systemd-nspawn@${machine}`
    throw new MachineError('MACHINE_DOES_NOT_START', machine, `${step.meaning} (${what}); ${advice}; ${state}`)
  }
}

/** Why a command did not do its work. */
interface Fault {
  readonly reason: string
  readonly isOfSignal: boolean
}

/** Runs a command to its end, unless `signal` ends it. */
async function runCommand([program, ...args]: readonly string[], signal?: AbortSignal): Promise<Fault | undefined> {
  // Standard output is for what the caller prints. Control-C is for this process alone, which then knows what to do.
  const child = spawn(program, args, { stdio: ['ignore', 2, 2], detached: true })
  const end = () => void child.kill()
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  try {
    const [code, name] = await once(child, 'close')
    if (code === 0) return undefined
    const reason = signal?.aborted ? 'was broken off' : `ended with ${name ?? `exit code ${code}`}`
    return { reason, isOfSignal: name !== null }
  } catch (error) {
    return { reason: `cannot be run (${(error as NodeJS.ErrnoException).code})`, isOfSignal: false }
  } finally {
    signal?.removeEventListener('abort', end)
  }
}
