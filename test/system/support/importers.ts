/** The importers of several systemd versions, run out of the roots of hosts that are not booted. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { madeHost, type Suite } from './debian-host.ts'

/** The programs that it takes besides those of {@link madeHost}. */
export const IMPORTER_PROGRAMS = ['unshare', 'mount', 'chroot'] as const

/** What an importer made of an image. */
export interface Import {
  /** Its exit status; 137 if it would not end. */
  readonly status: number
  readonly said: string
  /** Everything in the tree that it made, `PATH MODE UID`; empty if there is none. */
  readonly tree: readonly string[]
}

/**
 * Mounts and processes of its own for all: the root of a host stays as it was. An importer that would not end turns in a
 * circle, so it is stopped after a second of computing, however busy the machine is.
 */
const SCRIPT = `
root=$0
mount --bind "$root" "$root"
mount -t tmpfs tmpfs "$root/mnt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for image; do
  mkdir "$root/mnt/images"
  cp "$image" "$root/mnt/image"
  (ulimit -t 1; exec chroot "$root" /usr/lib/systemd/systemd-import \
    --sync=no --image-root=/mnt/images tar /mnt/image it > "$root/mnt/said" 2>&1)
  echo "status $?"
  sed 's/^/said /' "$root/mnt/said"
  [ ! -d "$root/mnt/images/it" ] || (cd "$root/mnt/images/it"; find . -printf 'tree %P %m %U\\n')
  rm -rf "$root/mnt/images" "$root/mnt/image"
  echo end
done`

const run = promisify(execFile)

/** Imports image files, one after the other, with the systemd-import of a host. */
export async function importAll(suite: Suite, images: readonly string[]): Promise<Import[]> {
  const root = await madeHost(suite)
  const { stdout } = await run(
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', SCRIPT, root, ...images],
    {
      maxBuffer: 1 << 28,
      encoding: 'latin1',
    },
  )
  return stdout
    .split('\nend\n')
    .slice(0, -1)
    .map(text => {
      const lines = (key: string) =>
        text
          .split('\n')
          .filter(line => line.startsWith(`${key} `))
          .map(line => line.slice(key.length + 1))
      return { status: Number(lines('status')[0]), said: lines('said').join('\n'), tree: lines('tree') }
    })
}
