import { followSignal } from '../abortable.ts'

/** Signals for downloads that are under way. */
export interface Signals {
  /** A signal for one download: aborted with `outer`, by {@link abort}, and when `end` says that the download is over. */
  open(outer: AbortSignal | undefined): { readonly signal: AbortSignal; end(): void }
  /** Aborts all of them. */
  abort(reason: Error): void
}

export function createSignals(): Signals {
  const running = new Set<AbortController>()
  return {
    open(outer) {
      const controller = new AbortController()
      const unfollow = followSignal(controller, outer)
      running.add(controller)
      const end = () => {
        running.delete(controller)
        unfollow()
        controller.abort()
      }
      return { signal: controller.signal, end }
    },
    abort(reason) {
      for (const controller of running) controller.abort(reason)
      running.clear()
    },
  }
}
