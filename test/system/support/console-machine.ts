import { createCgroup } from './cgroup.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/** A machine that boots on a terminal, as `systemd-nspawn --boot` does for somebody who sits there. */
export interface ConsoleMachine {
  readonly console: Terminal
  /** Ends it, if it still runs. Nothing of it is left then but its root directory. */
  stop(): Promise<void>
}

/** Boots the machine in `root`. `name` is its host name. */
export function bootOnConsole(root: string, name: string): ConsoleMachine {
  const cgroup = createCgroup(`${name}-${process.pid}`)
  const flags = ['--boot', '--register=no', '--keep-unit', '--console=interactive', `--machine=${name}`]
  const console = openTerminal([...cgroup.through, 'systemd-nspawn', '--directory', root, ...flags])
  return {
    console,
    async stop() {
      // What systemd-nspawn ends a machine at once for.
      console.type('\x1d\x1d\x1d')
      await console.finish()
      cgroup.remove()
    },
  }
}
