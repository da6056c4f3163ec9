/** What systemd-nspawn reads and mounts over when it starts a machine (systemd `src/nspawn/nspawn.c`). */
import { byteString, decodeByteString, encodeText } from '../bytes/index.ts'
import { isThere, type Lookup, resolvePath } from '../tree/index.ts'
import type { Report } from './findings.ts'

const MACHINE_ID = byteString`etc/machine-id`
/** File systems are mounted there if the tree has the directory, or nothing. */
const MOUNT_POINTS = ['proc', 'sys', 'dev', 'run', 'tmp'].map(encodeText)

/** Looks for what keeps a machine from being started, other than its init. */
export async function checkStartUp(tree: Lookup, isMeantToBoot: boolean, report: Report): Promise<void> {
  const details = isMeantToBoot ? {} : ({ severity: 'warning' } as const)
  for (const path of MOUNT_POINTS) {
    const { node } = await resolvePath(tree, path)
    if (node === undefined || node.type === 'directory') continue
    const message = `is a ${node.type}, and systemd-nspawn mounts over it: make it a directory, or leave it out`
    report('mount-point', message, { ...details, path })
  }
  if (!(await isThere(tree, MACHINE_ID))) return
  const { node, problem } = await resolvePath(tree, MACHINE_ID)
  if (problem === 'loop') {
    report('machine-id', 'is a symlink that leads to itself', { ...details, path: MACHINE_ID })
  } else if (node !== undefined && node.type !== 'file') {
    report('machine-id', `is a ${node.type}: leave it out, and the machine gets an ID of its own`, {
      ...details,
      path: MACHINE_ID,
    })
  } else if (node?.contents !== undefined) {
    const text = decodeByteString(node.contents)
    if (/^0{32}\n?$/.test(text)) {
      report('machine-id', 'is all zeros: make it "uninitialized"', { ...details, path: MACHINE_ID, until: 256 })
    } else if (!/^(|uninitialized\n?|[0-9a-fA-F]{32}\n?)$/.test(text)) {
      const message = 'is no machine ID: make it 32 hexadecimal digits, "uninitialized", or empty'
      report('machine-id', message, { ...details, path: MACHINE_ID })
    }
  }
}
