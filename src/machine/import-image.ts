import { join } from 'node:path'
import { digestOf, makeFolders, withLock } from '../disk/index.ts'
import { shellLine } from '../shell-word.ts'
import { MachineError } from './errors.ts'
import { hasMachine, planMachine, runSteps } from './machinectl.ts'
import {
  beginReplacing,
  endReplacing,
  isReplacing,
  type MachineRecord,
  RECORDS,
  readRecord,
  writeRecord,
} from './record.ts'
import { type Step, trustedSettingsOf } from './steps.ts'

/** An image that is to become a machine. */
export interface ImportRequest {
  readonly machine: string
  /** Path of the image file. */
  readonly image: string
  /** Its SHA-256, lower-case base 16. */
  readonly sha256: string
  /** Path of its settings, if it has any. */
  readonly settings: string | undefined
  /** Whether a machine of this name is replaced. */
  readonly replace: boolean
  /** Whether the settings are installed as trusted. */
  readonly trustSettings: boolean
  /** Called with messages for people, and with each command before it runs. */
  readonly tell: (line: string) => void
  /** Breaks off, as soon as the machine can be left: as it was, or with the image if that runs well. */
  readonly signal?: AbortSignal
  /** Where the records of machines lie. Default: /var/lib/nspawn-rootfs. */
  readonly records?: string
}

/** What became of a machine: made, replaced, or left as it is since it was made of the image before. */
export type ImportOutcome = 'imported' | 'replaced' | 'kept'

/** Mode of the folder of records. */
const MODE = 0o700

/**
 * Makes a machine of an image as root. Throws `MachineError` and `DiskError`.
 */
export async function importImage(request: ImportRequest): Promise<ImportOutcome> {
  const { signal, records = RECORDS } = request
  await makeFolders(records, MODE)
  return withLock(
    records,
    async () => {
      const plan = await planImport(request)
      if (!plan) return 'kept'
      await carryOut(plan, request, records)
      return plan.steps.some(({ isTurningPoint }) => isTurningPoint) ? 'replaced' : 'imported'
    },
    signal,
  )
}

async function carryOut({ steps, record, settings }: ImportPlan, request: ImportRequest, records: string) {
  const { machine, sha256, tell, signal } = request
  /** A full disk must not hide what became of the machine. */
  const note = (next: MachineRecord) =>
    writeRecord(records, machine, next).catch(error =>
      tell(`warning: it is not noted what became of ${machine}: ${error.message}`),
    )
  try {
    await runSteps(machine, steps, {
      ...{ onStep: tell, signal },
      onWarning: message => tell(`warning: ${message}`),
      onTurningPoint: () => beginReplacing(records, machine),
      // Where it stays, it says less than is known, which does no harm.
      onBack: () => endReplacing(records, machine).catch(() => {}),
    })
  } catch (error) {
    const isFaulty = error instanceof MachineError && error.code === 'MACHINE_DOES_NOT_START'
    if (isFaulty) await note({ ...record, failed: sha256 })
    throw error
  }
  await endReplacing(records, machine)
  await note({ image: sha256, settings: settings?.sha256 ?? record?.settings })
}

/** The commands that {@link importImage} runs, as a shell takes them; `undefined` if there is nothing to do. */
export async function importLines(request: ImportRequest): Promise<string[] | undefined> {
  return (await planImport(request))?.steps.map(({ command }) => shellLine(command))
}

/** What is to be run, and what was known before. */
interface ImportPlan {
  readonly steps: readonly Step[]
  readonly record: MachineRecord | undefined
  /** The settings that the steps install. */
  readonly settings: SettingsFile | undefined
}

interface SettingsFile {
  readonly path: string
  readonly sha256: string
}

async function planImport(request: ImportRequest): Promise<ImportPlan | undefined> {
  const { machine, image, sha256, replace, records = RECORDS } = request
  const record = await readRecord(records, machine)
  if (record?.image === sha256 && (await hasMachine(machine))) return undefined
  if (record?.failed === sha256) {
    const advice = `publish a newer one, or remove ${machine} from ${join(records, 'machines.json')} to try again`
    throw new MachineError('MACHINE_DOES_NOT_START', machine, `did not start with this image before: ${advice}`)
  }
  const settings = await settingsFor(request, record)
  const steps = await planMachine({
    request: { machine, image, settings: settings?.path },
    ...{ replace, record, isReplacing: isReplacing(records, machine) },
  })
  return { steps, record, settings }
}

/** The settings to install, unless those of the machine are the administrator's own. */
async function settingsFor(
  { machine, settings: path, trustSettings, tell }: ImportRequest,
  record: MachineRecord | undefined,
): Promise<SettingsFile | undefined> {
  if (path === undefined) return undefined
  const installed = trustedSettingsOf(machine)
  const sha256 = (await digestOf(path))?.sha256
  if (sha256 === undefined) throw new MachineError('MACHINE_FAILED', machine, `${path}: the settings are not there`)
  const present = (await digestOf(installed))?.sha256
  if (present === sha256) return undefined
  if (!trustSettings) {
    tell(`the settings ${path} are not installed; --trust-settings does it`)
    return undefined
  }
  if (present === undefined || present === record?.settings) return { path, sha256 }
  tell(`warning: ${installed}: is not what was installed there, and is kept; compare it with ${path}`)
  return undefined
}
