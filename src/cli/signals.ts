import { NspawnRootfsError } from '../nspawn-rootfs-error.ts'

let caught: NodeJS.Signals | undefined

/** Ends the process by the signal that it was asked to end by, if it was: shells end their loops then, and systemd finds no fault. */
export function endByCaughtSignal(): void {
  if (caught !== undefined) process.kill(process.pid, caught)
}

/** A signal that aborts when the process is asked to end, so that unfinished files are removed. `left` names what stays. */
export function abortOnSignals(left = 'nothing was left behind'): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController()
  const abort = (name: NodeJS.Signals) => {
    caught = name
    controller.abort(new Interrupted(name, left))
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.once(name, abort)
  return {
    signal: controller.signal,
    dispose() {
      for (const name of names) process.off(name, abort)
    },
  }
}

class Interrupted extends NspawnRootfsError<'INTERRUPTED'> {
  constructor(signal: NodeJS.Signals, left: string) {
    super('INTERRUPTED', `stopped by ${signal}; ${left}`)
  }
}
