/**
 * The units that give a machine its logins. `machinectl login` makes machined start `container-getty@N.service` in the
 * machine, and fails if there is none. `getty.target` starts `console-getty.service` on the console of `systemd-nspawn
 * --boot`. systemd has all three, but NixOS 25.05 to 26.05 leaves them out of a container (nixpkgs#480686).
 */
import { readUnitFile } from './unit-file.ts'

/** Where the programs of a login are in an image. */
export interface LoginPrograms {
  readonly agetty: string
  readonly login: string
}

/** The unit that runs agetty on the console. */
export const CONSOLE_GETTY = 'console-getty.service'

/** The units that run agetty. */
export const GETTYS = [CONSOLE_GETTY, 'container-getty@.service'] as const

/** The unit that starts logins at boot, and the one that is to want it. */
export const GETTY_TARGET = 'getty.target'
export const BOOT_TARGET = 'multi-user.target'

/** The text of {@link GETTY_TARGET}. */
export const GETTY_TARGET_TEXT = '[Unit]\nDescription=Logins\n'

/** The text of a unit that runs agetty. */
export function gettyText(name: (typeof GETTYS)[number], programs: LoginPrograms): string {
  const { description, device, id } = terminalOf(name)
  return `[Unit]
Description=Login on ${description}
After=systemd-user-sessions.service
Before=${GETTY_TARGET}
IgnoreOnIsolate=yes
ConditionPathExists=${device}

[Service]
Type=idle
ExecStart=${commandOf(name, programs)}
Restart=always
RestartSec=0
UtmpIdentifier=${id}
TTYPath=${device}
TTYReset=yes
TTYVHangup=yes
IgnoreSIGPIPE=no
SendSIGHUP=yes
${name === CONSOLE_GETTY ? `\n[Install]\nWantedBy=${GETTY_TARGET}\n` : ''}`
}

/** The text of a drop-in that gives such a unit other programs, and leaves the rest of it as it is. */
export function gettyDropIn(name: (typeof GETTYS)[number], programs: LoginPrograms): string {
  return `[Service]\nExecStart=\nExecStart=${commandOf(name, programs)}\n`
}

/** The programs that a unit needs for a login: the one it starts, and the one that asks for the password. */
export function programsOf(texts: readonly string[]): string[] {
  let command = ''
  for (const { section, key, value } of texts.flatMap(readUnitFile)) {
    if (section === 'Service' && key === 'ExecStart') command = value
  }
  // In front of a program stands how it is run (systemd.service(5), "special executable prefixes").
  const program = /^[-@:+!|]*(\S*)/.exec(command)?.[1] ?? ''
  const login = /\s(?:--login-program[= ]|-l ?)\s*(\S+)/.exec(command)?.[1]
  return [program, ...(login === undefined ? [] : [login])]
}

function commandOf(name: (typeof GETTYS)[number], { agetty, login }: LoginPrograms): string {
  const { line } = terminalOf(name)
  return `-${agetty} --login-program ${login} --noclear --keep-baud ${line} 115200,38400,9600 $TERM`
}

function terminalOf(name: (typeof GETTYS)[number]) {
  return name === CONSOLE_GETTY
    ? { description: 'the console', line: 'console', device: '/dev/console', id: 'cons' }
    : { description: '/dev/pts/%I', line: 'pts/%I', device: '/dev/pts/%I', id: 'pts/%I' }
}
