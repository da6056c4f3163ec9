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
      const end = () => {
        running.delete(controller)
        outer?.removeEventListener('abort', abort)
        controller.abort()
      }
      const abort = () => {
        controller.abort(outer!.reason)
        end()
      }
      running.add(controller)
      outer?.addEventListener('abort', abort)
      if (outer?.aborted) abort()
      return { signal: controller.signal, end }
    },
    abort(reason) {
      for (const controller of running) controller.abort(reason)
      running.clear()
    },
  }
}
