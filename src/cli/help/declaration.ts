import { formatKeys, type KeySchema } from './keys.ts'
import type { Topic } from './topic.ts'

const TEXT = `A declaration, such as image.yaml, describes an image: what it contains, how it
is compressed, and which key signs it.

  name: web-\${RELEASE}
  system: x86_64-linux
  variables: { RELEASE: "25.11" }

  closure:
    toplevel: ./result            # a store path, or a symlink to one

  overlays:
    /etc/nixos: { folder: ./nixos }
  files:
    /etc/motd: { text: "Release \${RELEASE}\\n" }
    /root/.ssh/authorized_keys: { file: ./keys.pub, mode: 0600 }
  directories:
    /var/lib/app: { mode: 0750, owner: 1000:100 }
  links:
    /srv: var/lib/app

  systemd:
    units:
      app.service:                # a new unit
        enable: true
        file: ./app.service
        dropIns: { 10-limits.conf: { text: "[Service]\\nMemoryMax=1G\\n" } }
      sshd.service:               # a unit of the closure
        dropIns: { 10-nice.conf: { text: "[Service]\\nNice=5\\n" } }
      motd.timer: { mask: true }

  nspawn:
    Network: { VirtualEthernet: false }

  compression: { format: tar.xz, level: 6 }
  signing: { keyFile: keys/secret.asc }

Command-line options override the declaration. The command reports errors
together, each with file, line, column and a correction; some show only after
others are corrected.

EDITORS
  "nspawn-rootfs schema" prints the JSON schema. "nspawn-rootfs init" writes a
  first line that tells editors where the schema is.

PATHS AND VARIABLES
  Paths on this machine are relative to the declaration.
  \${NAME} stands for a variable of the declaration, never for one of the
  environment. $\${ stands for the two characters \${.
  Variables are replaced in all keys and values of the declaration, but not in
  the files that it names. A value that is a variable alone can stand for true,
  false or a number: gettys: \${G}
  --set NAME=VALUE overrides a variable. If its value is null, --set is
  required.

MODES, OWNERS, TIMES
  The default owner is 0:0, and every time is 1 second after the epoch.
  Files are 0644 and directories 0755. A file of an overlay is 0755 if anybody
  may execute it. So the umask of a checkout makes no difference.
  The owner of an overlay also owns the folder that it is copied to. If
  "directories" has that folder, its mode and owner count. An empty folder is
  copied, too.
  Modes are octal digits, with or without quotes, although YAML reads 0600 as
  the number six hundred.

CONFLICTS
  If two entries claim one path, the build fails and names both with their line
  numbers. It also rejects files below a symlink and anything in /nix/store.

DECLARATIONS OF OTHER PEOPLE
  A declaration can read any file that you can read, and contact servers. Treat
  it like a Makefile: build only those that you trust, or restrict them.
  --restrict DIR       allows only files below DIR and store paths. Symlinks are
                       resolved first. signing.gpg is not allowed, and a cache
                       in DIR may not lead to a server.
  --allow-server URL   also allows binary caches on this server. "build" allows
                       those of --store, too.

KEYS`

/** The keys are those of the JSON schema, with their descriptions. */
export const declaration: Topic = {
  name: 'declaration',
  summary: 'image.yaml: every key, variables, conflicts, restrictions',
  async text() {
    const { imageJsonSchema } = await import('../../index.ts')
    const { properties, ...schema } = (await imageJsonSchema()) as KeySchema
    const { nspawn, ...others } = properties ?? {}
    const settings = { description: `${nspawn?.description}; its keys: nspawn-rootfs help settings` }
    return `${TEXT}\n${formatKeys({ ...schema, properties: { ...others, nspawn: settings } })}`
  },
}
