import { text } from '../arguments.ts'
import { quoted } from '../printable.ts'
import { SystemdError } from './errors.ts'

/**
 * Bytes of a host name, and so of a machine name (`hostname_is_valid` in systemd's `src/basic/hostname-util.c`). A
 * longer image could be imported by systemd 256 and newer, but never started.
 */
const MACHINE_NAME_MAX = 64

/** Labels of letters, digits and `-`, joined by `.`, with no `-` at either end of a label. */
const MACHINE_NAME = /^[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*$/

/**
 * Checks the name of an image, that is of its file without `.tar.xz`, and returns it. The rule is that of a machine
 * name, plus `_`: nixpkgs calls its images `nixos-system-x86_64-linux`, and {@link machineNameOf} says under which name
 * such a file is imported. Throws `SystemdError`.
 */
export function checkImageName(name: string): string {
  text(name, 'name')
  if (isHostname(machineNameOf(name))) return name
  throw new SystemdError(
    'IMAGE_NAME_INVALID',
    `${quoted(name)} is not a name that machinectl accepts: use up to ${MACHINE_NAME_MAX} letters, digits, ` +
      '"-", "_" and ".", with a letter or digit at both ends of every part between dots',
  )
}

/**
 * The machine name to import an image under: its name with `-` for every `_`, which systemd 252 to 255 refuse in the
 * name of an image, and every version in the name of a machine that is to be started.
 */
export function machineNameOf(imageName: string): string {
  text(imageName, 'imageName')
  return imageName.replaceAll('_', '-')
}

/** Whether systemd takes a text as the name of a host, and so of a machine. */
export function isHostname(text: string): boolean {
  return text.length <= MACHINE_NAME_MAX && MACHINE_NAME.test(text)
}
