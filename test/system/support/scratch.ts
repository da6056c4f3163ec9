import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'

/** A folder for one test file, on a disk: images and stores are too big for a /tmp that may be memory. */
export interface Scratch {
  readonly folder: string
  /** A new folder inside, which everybody may read. Its name begins with `name`. */
  make(name: string): string
  /** Mounts a tmpfs inside. */
  mountTmpfs(name: string, options: string): string
  /** Removes all of it. */
  remove(): void
}

export function createScratch(): Scratch {
  const folder = makeFolder('/var/tmp/nspawn-rootfs-test-')
  const mounts: string[] = []
  const make = (name: string) => makeFolder(join(folder, `${name}-`))
  return {
    folder,
    make,
    mountTmpfs(name, options) {
      const path = make(name)
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
      mounts.push(path)
      return path
    },
    remove() {
      for (const path of mounts.splice(0)) execFileSync('umount', ['--lazy', path])
      // systemd-pull keeps what it downloaded as a tree that not even root may change.
      const immutable = `find "$1" -mindepth 2 -maxdepth 2 -name '.tar-*' -type d -exec chattr -f -i {} + || true`
      execFileSync('sh', ['-c', `${immutable}; rm -rf "$1"`, 'sh', folder])
    },
  }
}

function makeFolder(prefix: string): string {
  const path = mkdtempSync(prefix)
  chmodSync(path, 0o755)
  return path
}
