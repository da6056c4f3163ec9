import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The hierarchies in which systemd keeps its units, as cgroup v2 has one and hybrid cgroups two. */
const HIERARCHIES = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']

/** A control group of this machine, for a systemd that runs in a container. */
export interface Cgroup {
  /** A command line that runs what is put behind it in the group. */
  readonly through: readonly string[]
  /** Removes the group, in which nothing runs any more. */
  remove(): void
}

/** Creates a control group. Two systemd that share one end the services of each other. */
export function createCgroup(name: string): Cgroup {
  const folders = HIERARCHIES.filter(folder => existsSync(join(folder, 'cgroup.procs'))).map(path => join(path, name))
  const enter =
    'for group; do shift; [ "$group" != -- ] || break; mkdir -p "$group"; echo $$ > "$group/cgroup.procs"; done'
  return {
    through: ['sh', '-ec', `${enter}; exec "$@"`, 'sh', ...folders, '--'],
    remove() {
      const made = folders.filter(folder => existsSync(folder))
      if (made.length > 0) execFileSync('find', [...made, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'])
    },
  }
}
