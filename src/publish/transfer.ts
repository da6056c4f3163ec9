/** `NAME.transfer`, by which `systemd-sysupdate` updates a machine from a folder of publications (sysupdate.d(5)). */
import type { Check } from '../arguments.ts'
import { describeUrl } from '../describe-url.ts'
import { isPublicFolder } from '../is-http.ts'
import { machineNameOf } from '../systemd/index.ts'

const SUFFIX = '.transfer'
const MACHINES = '/var/lib/machines'

/** The name of the transfer of an image. */
export function transferFileOf(image: string): string {
  return image + SUFFIX
}

/** A check of the URL of a folder that anybody may read. */
export const publicUrl: Check = (value, name) => {
  if (typeof value !== 'string') throw new TypeError(`${name}: give the URL of the folder`)
  if (isPublicFolder(value)) return
  const right = 'an http: or https: URL of a folder, without user, password, "?" and "#"'
  throw new RangeError(`${name}: give ${right}, not ${JSON.stringify(describeUrl(value))}`)
}

/**
 * The text of a transfer of the image `name`, whose file ends with `suffix`, from the folder at `url`. A tree is unpacked for
 * each version; the name of the machine is a symlink to the newest. Both trees stay that the machine may be running from.
 */
export function transferText(name: string, suffix: string, url: string): string {
  const machine = machineNameOf(name)
  const path = new URL(url).href.replace(/\/+$/, '').replaceAll('%', '%%')
  return `# Updates the machine ${machine}: put this file into /etc/sysupdate.${machine}.d/, and run
# /usr/lib/systemd/systemd-sysupdate --component=${machine} update
[Transfer]
Verify=yes

[Source]
Type=url-tar
Path=${path}
MatchPattern=${name}_@v${suffix}

[Target]
Type=subvolume
Path=${MACHINES}
MatchPattern=${name}_@v
CurrentSymlink=${MACHINES}/${machine}
InstancesMax=2
`
}
