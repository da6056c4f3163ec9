/** State that several asynchronous functions share, as far as they wait for each other's changes. */
export interface StateChange {
  /** Says that something has changed. */
  tell(): void
  /** Waits until `isSo` holds; it is asked again after every change. */
  until(isSo: () => boolean): Promise<void>
}

export function createStateChange(): StateChange {
  let change = Promise.withResolvers<void>()
  return {
    tell() {
      change.resolve()
      change = Promise.withResolvers()
    },
    async until(isSo) {
      while (!isSo()) await change.promise
    },
  }
}
