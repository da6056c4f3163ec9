import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { settingsFileOf } from '../image-files.ts'
import { shellWord } from '../shell-word.ts'
import { TRUSTED_SETTINGS_FOLDER } from '../systemd/index.ts'
import { MachineError } from './errors.ts'
import { type FoundMachine, importSteps, type MachineRequest, replaceSteps, type Step } from './steps.ts'

/** Where systemd-nspawn looks for settings of a machine (systemd.nspawn(5)). */
const SETTINGS_FOLDERS = [TRUSTED_SETTINGS_FOLDER, '/run/systemd/nspawn', '/var/lib/machines']

/**
 * The commands that make a machine of an image, or that replace the one that is there. Throws `MachineError` MACHINE_EXISTS if
 * it is not to be replaced.
 */
export async function planMachine(request: MachineRequest, isToReplace: boolean): Promise<Step[]> {
  const { machine } = request
  if (!(await hasMachine(machine))) return importSteps(request)
  if (isToReplace) return replaceSteps(request, await findMachine(machine))
  const message = 'is there already; give --replace to put the image in its place, or another name'
  throw new MachineError('MACHINE_EXISTS', machine, message)
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
 * Runs the commands one after the other; what they say goes to standard error. `onStep` is told of each before. Throws
 * `MachineError` MACHINE_FAILED.
 */
export async function runSteps(
  machine: string,
  steps: readonly Step[],
  onStep: (line: string) => void = () => {},
): Promise<void> {
  for (const { command, back = [] } of steps) {
    onStep(lineOf(command))
    // Standard output is for what the caller prints.
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 2, 2] })
    const reason = await once(child, 'close').then(
      ([code, signal]) => (code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
      (error: NodeJS.ErrnoException) => `cannot be run (${error.code})`,
    )
    if (reason === undefined) continue
    const advice = back.length === 0 ? 'the machine is as it was' : `to have it back: ${back.map(lineOf).join('; ')}`
    throw new MachineError('MACHINE_FAILED', machine, `${lineOf(command)} ${reason}; ${advice}`)
  }
}

/** A command as a shell takes it. */
export function lineOf(command: readonly string[]): string {
  return command.map(shellWord).join(' ')
}

async function findMachine(machine: string): Promise<FoundMachine> {
  const settingsFolders: string[] = []
  for (const folder of SETTINGS_FOLDERS) {
    if (await isThere(`${folder}/${settingsFileOf(machine)}`)) settingsFolders.push(folder)
  }
  return {
    hasPrevious: await hasMachine(`${machine}-previous`),
    hasNext: await hasMachine(`${machine}-next`),
    settingsFolders,
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
