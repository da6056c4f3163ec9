/**
 * Names of processes for files that outlive them: `NAMESPACE-PID-START`, the inode of the PID namespace and the start
 * time in clock ticks since boot. A PID alone says little: containers that share a folder count theirs from 1 each, and a
 * nightly job may get the same one every night. Where there is no /proc, namespace and start are 0.
 */
import { readFileSync, statSync } from 'node:fs'

/** What {@link stateOfOwner} finds a name to be. */
export type OwnerState = 'running' | 'ended' | 'unknown'

/** The name of this process. */
export function ownName(): string {
  return `${namespace()}-${process.pid}-${startOf('self') ?? 0}`
}

/** Whether the process of a name still runs; `unknown` for one of another namespace, and for what is no name. */
export function stateOfOwner(name: string): OwnerState {
  const [, space, pid, start] = /^(\d+)-(\d+)-(\d+)/.exec(name) ?? []
  if (space === undefined || pid === undefined || Number(space) !== namespace()) return 'unknown'
  if (namespace() === 0) return 'unknown'
  return startOf(pid) === Number(start) ? 'running' : 'ended'
}

function namespace(): number {
  try {
    return statSync('/proc/self/ns/pid').ino
  } catch {
    return 0
  }
}

/** Field 22 of /proc/PID/stat, counted behind the command's name, which may hold anything (proc_pid_stat(5)). */
function startOf(pid: string): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return undefined
  }
}
