import { formatKeys, type KeySchema } from './keys.ts'
import type { Topic } from './topic.ts'

const TEXT = `Settings say how systemd-nspawn runs a machine: its network, its ports, its
shared folders, its capabilities. They are a file of their own, NAME.nspawn,
which a build writes beside the image.

Declare them under "nspawn" in image.yaml, in the sections and keys of
systemd.nspawn(5), which are checked:

  nspawn:
    Network:
      VirtualEthernet: true
      Port: ["tcp:8080:80"]
    Files:
      Bind: ["/srv/data:/data:idmap"]

Or give a finished file with --nspawn FILE. It replaces the declared settings.

WHICH SETTINGS TAKE EFFECT
  "machinectl pull-tar" downloads the settings file with the image, but systemd
  does not trust it: it ignores the whole section [Network], bind mounts,
  capabilities and more. A build warns of each ignored setting.
  "machinectl import-tar" takes no settings along.

  To make all settings take effect, install the file on the host as NAME.nspawn,
  where NAME is the name of the machine:

    sudo install -D -m 644 images/web.nspawn /etc/systemd/nspawn/web.nspawn

  They take effect at the next start of the machine.

KEYS
  "only in a trusted file": takes effect only in /etc/systemd/nspawn
`

/** The keys are those of the JSON schema, with their descriptions. */
export const settings: Topic = {
  name: 'settings',
  summary: 'NAME.nspawn: network, ports, shared folders',
  async text() {
    const { imageJsonSchema } = await import('../../index.ts')
    const { properties } = (await imageJsonSchema()) as KeySchema
    return `${TEXT}\n${formatKeys(properties?.nspawn ?? {})}`
  },
}
