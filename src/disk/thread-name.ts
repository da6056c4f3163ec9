/**
 * Names of threads for files that outlive them: `NAMESPACE-ID-START`, the inode of the PID namespace and the start time
 * in clock ticks since boot. The ID is the kernel's, which numbers threads as it does processes: a program may end a
 * thread that builds, and run on. An ID alone says little: containers that share a folder count theirs from 1 each, and a
 * nightly job may get the same one every night. Where there is no /proc, namespace and start are 0.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { DescriptorsError, withDescriptorSync } from '../descriptors.ts'

/** What {@link stateOfThread} finds a name to be. */
export type ThreadState = 'running' | 'ended' | 'unknown'

/** Milliseconds for which a thread that gives no sign is taken to be at work: a day, longer than any build. */
const PATIENCE = 24 * 60 * 60 * 1000

let own: string | undefined

/** The name of this thread. Throws `DescriptorsError`. */
export function ownThreadName(): string {
  own ??= `${namespace()}-${ownId()}-${startOf('thread-self') ?? 0}`
  return own
}

/**
 * Whether the thread of a name still runs; `unknown` for one of another namespace, for one that /proc hides (`hidepid`,
 * proc(5)), and for what is no name. Throws `DescriptorsError`.
 */
export function stateOfThread(name: string): ThreadState {
  const [, space, id, start] = /^(\d+)-(\d+)-(\d+)/.exec(name) ?? []
  if (space === undefined || id === undefined || Number(space) !== namespace()) return 'unknown'
  if (namespace() === 0) return 'unknown'
  const found = startOf(id)
  if (found === undefined) return isThere(Number(id)) ? 'unknown' : 'ended'
  return found === Number(start) ? 'running' : 'ended'
}

/**
 * Whether the thread of a name has left its work undone: it has ended, or cannot be asked and gave its last sign, in
 * milliseconds since 1970, more than `patience` milliseconds ago. Throws `DescriptorsError`.
 */
export function isAbandoned(name: string, lastSign: number, patience = PATIENCE): boolean {
  const state = stateOfThread(name)
  return state === 'ended' || (state === 'unknown' && Date.now() - lastSign > patience)
}

/** Whether there is a thread of this ID, be it one that may not be looked at. */
function isThere(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** What reads this link is the thread itself: a synchronous call never leaves it. */
function ownId(): string {
  try {
    return basename(readlinkSync('/proc/thread-self'))
  } catch {
    return `${process.pid}`
  }
}

function namespace(): number {
  try {
    return statSync('/proc/self/ns/pid').ino
  } catch {
    return 0
  }
}

/**
 * Field 22 of /proc/ID/stat, counted behind the command's name, which may hold anything (proc_pid_stat(5)). Threads are there,
 * too, though no listing shows them (proc(5)).
 */
function startOf(id: string): number | undefined {
  try {
    const text = withDescriptorSync(() => readFileSync(`/proc/${id}/stat`, 'latin1'))
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
  } catch (error) {
    // Without an answer, a thread that runs would pass for one that has ended.
    if (error instanceof DescriptorsError) throw error
    return undefined
  }
}
