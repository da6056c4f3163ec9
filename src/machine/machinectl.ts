import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { settingsFileOf } from '../image-files.ts'
import { shellWord } from '../shell-word.ts'
import { TRUSTED_SETTINGS_FOLDER } from '../systemd/index.ts'
import { MachineError } from './errors.ts'
import type { MachineRecord } from './record.ts'
import { importSteps, type MachineRequest, replaceSteps, type Step } from './steps.ts'

/** Where systemd-nspawn looks for settings of a machine (systemd.nspawn(5)). */
const SETTINGS_FOLDERS = [TRUSTED_SETTINGS_FOLDER, '/run/systemd/nspawn', '/var/lib/machines']

/** A request, and the known state of the machine. */
export interface Plan {
  readonly request: MachineRequest
  /** Whether a machine that is there is to be replaced. */
  readonly replace: boolean
  readonly record: MachineRecord | undefined
}

/**
 * The commands that make a machine of an image, or that replace the one that is there. Throws `MachineError` MACHINE_EXISTS if
 * it is not to be replaced, or if a name that is needed for it is somebody else's.
 */
export async function planMachine({ request, replace, record }: Plan): Promise<Step[]> {
  const { machine } = request
  const isThere = await hasMachine(machine)
  const hasPrevious = await hasMachine(`${machine}-previous`)
  const hasNext = await hasMachine(`${machine}-next`)
  const wasReplacing = record?.replacing === true && hasPrevious
  if (!isThere && !wasReplacing) return importSteps(request)
  if (!replace) {
    const message = 'is there already; give --replace to put the image in its place, or another name'
    throw new MachineError('MACHINE_EXISTS', machine, message)
  }
  for (const [suffix, isInTheWay] of Object.entries({ previous: hasPrevious, next: hasNext })) {
    if (!isInTheWay || record) continue
    const message = `is needed to replace ${machine}, but there and not made for that; rename or remove it`
    throw new MachineError('MACHINE_EXISTS', `${machine}-${suffix}`, message)
  }
  const settingsFolders: string[] = []
  for (const folder of SETTINGS_FOLDERS) {
    if (await isFile(`${folder}/${settingsFileOf(machine)}`)) settingsFolders.push(folder)
  }
  return replaceSteps(request, { isThere, hasPrevious, hasNext, isUnproven: wasReplacing, settingsFolders })
}

/** Whether systemd-machined knows a tree of this name; not where there is no machinectl. */
export async function hasMachine(machine: string): Promise<boolean> {
  const child = spawn('machinectl', ['show-image', machine], { stdio: 'ignore' })
  return once(child, 'close').then(
    ([code]) => code === 0,
    () => false,
  )
}

/**
 * Runs the commands in order; their output goes to standard error. `onStep` is called before each. If one fails
 * after the machine was stopped, the machine that was there is started again. Throws `MachineError` MACHINE_FAILED and
 * MACHINE_DOES_NOT_START.
 */
export async function runSteps(
  machine: string,
  steps: readonly Step[],
  onStep: (line: string) => void = () => {},
): Promise<void> {
  const run = (command: readonly string[]) => {
    onStep(lineOf(command))
    return runCommand(command)
  }
  for (const { command, back = [], isTrial } of steps) {
    const reason = await run(command)
    if (reason === undefined) continue
    let rest = back
    while (rest.length > 0 && (await run(rest[0])) === undefined) rest = rest.slice(1)
    const state =
      back.length === 0
        ? 'the machine is as it was'
        : rest.length === 0
          ? 'the machine that was there runs again'
          : `the machine that was there does not run; what is left to do: ${rest.map(lineOf).join('; ')}`
    const code = isTrial ? 'MACHINE_DOES_NOT_START' : 'MACHINE_FAILED'
    throw new MachineError(code, machine, `${lineOf(command)} ${reason}; ${state}`)
  }
}

/** Resolves to a fault, in words; `undefined` if there is none. */
async function runCommand([program, ...args]: readonly string[]): Promise<string | undefined> {
  // Standard output is for what the caller prints.
  const child = spawn(program, args, { stdio: ['ignore', 2, 2] })
  return once(child, 'close').then(
    ([code, signal]) => (code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
    (error: NodeJS.ErrnoException) => `cannot be run (${error.code})`,
  )
}

/** A command as a shell takes it. */
export function lineOf(command: readonly string[]): string {
  return command.map(shellWord).join(' ')
}

async function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
