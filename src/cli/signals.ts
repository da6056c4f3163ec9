import { NspawnRootfsError } from '../index.ts'

/** A signal that aborts when the process is asked to end, so that unfinished files are removed. `left` names what stays. */
export function abortOnSignals(left = 'nothing was left behind'): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController()
  const abort = (name: NodeJS.Signals) => controller.abort(new Interrupted(name, left))
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
