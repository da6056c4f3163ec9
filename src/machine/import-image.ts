import { join } from 'node:path'
import { digestOf, makeFolders, withLock } from '../disk/index.ts'
import { settingsFileOf } from '../image-files.ts'
import { TRUSTED_SETTINGS_FOLDER } from '../systemd/index.ts'
import { MachineError } from './errors.ts'
import { hasMachine, lineOf, planMachine, runSteps } from './machinectl.ts'
import { type MachineRecord, RECORDS, readRecord, writeRecord } from './record.ts'

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
  /** Where the records of machines lie. Default: /var/lib/nspawn-rootfs. */
  readonly records?: string
}

/** Mode of the folder of records. */
const MODE = 0o700

/**
 * Makes a machine of an image as root. Resolves to whether there was anything to do. Throws `MachineError` and `DiskError`.
 */
export async function importImage(request: ImportRequest): Promise<boolean> {
  const { machine, sha256, tell, records = RECORDS } = request
  await makeFolders(records, MODE)
  return withLock(
    records,
    async () => {
      const plan = await planImport(request)
      if (plan === undefined) return false
      const { steps, record, settings } = plan
      await writeRecord(records, machine, { ...record, replacing: true })
      try {
        await runSteps(machine, steps, tell)
      } catch (error) {
        const isFaulty = error instanceof MachineError && error.code === 'MACHINE_DOES_NOT_START'
        await writeRecord(records, machine, { ...record, ...(isFaulty && { failed: sha256 }) })
        throw error
      }
      await writeRecord(records, machine, { image: sha256, settings: settings?.sha256 ?? record?.settings })
      return true
    },
    undefined,
  )
}

/** The commands that {@link importImage} runs, as a shell takes them; `undefined` if there is nothing to do. */
export async function importLines(request: ImportRequest): Promise<string[] | undefined> {
  return (await planImport(request))?.steps.map(({ command }) => lineOf(command))
}

async function planImport(request: ImportRequest) {
  const { machine, image, sha256, replace, records = RECORDS } = request
  const record = await readRecord(records, machine)
  if (record?.image === sha256 && (await hasMachine(machine))) return undefined
  if (record?.failed === sha256) {
    const advice = `publish a newer one, or remove ${machine} from ${join(records, 'machines.json')} to try again`
    throw new MachineError('MACHINE_DOES_NOT_START', machine, `did not start with this image before: ${advice}`)
  }
  const settings = await settingsFor(request, record)
  const steps = await planMachine({ request: { machine, image, settings: settings?.path }, replace, record })
  return { steps, record, settings }
}

/** The settings to install, unless those of the machine are the administrator's own. */
async function settingsFor(
  { machine, settings: path, trustSettings, tell }: ImportRequest,
  record: MachineRecord | undefined,
): Promise<{ readonly path: string; readonly sha256: string } | undefined> {
  if (path === undefined) return undefined
  const installed = `${TRUSTED_SETTINGS_FOLDER}/${settingsFileOf(machine)}`
  const sha256Of = async (path: string) => (await digestOf(path).catch(() => undefined))?.sha256
  const sha256 = (await sha256Of(path))!
  const present = await sha256Of(installed)
  if (present === sha256) return undefined
  if (!trustSettings) {
    tell(`the settings ${path} are not installed; --trust-settings does it`)
    return undefined
  }
  if (present === undefined || present === record?.settings) return { path, sha256 }
  tell(`warning: ${installed}: is not what was installed there, and is kept; compare it with ${path}`)
  return undefined
}
