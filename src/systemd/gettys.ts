/**
 * The units that give a machine its logins. `machinectl login` makes machined start `container-getty@N.service` in the
 * machine, and fails where there is none; systemd-getty-generator starts `console-getty.service` on the console of
 * `systemd-nspawn --boot`. systemd has both, but a NixOS system may have been built without them (nixpkgs#480686).
 */

/** Where the programs of a login are in an image. */
export interface LoginPrograms {
  readonly agetty: string
  readonly login: string
}

/** The names of the units. */
export const GETTYS = ['console-getty.service', 'container-getty@.service'] as const

/** The text of one of them. */
export function gettyUnit(name: (typeof GETTYS)[number], programs: LoginPrograms): string {
  return name === 'console-getty.service'
    ? unitText(programs, { description: 'Login on the console', line: 'console', device: '/dev/console', id: 'cons' })
    : unitText(programs, {
        description: 'Login on /dev/pts/%I',
        line: 'pts/%I',
        device: '/dev/pts/%I',
        id: 'pts/%I',
      })
}

interface Terminal {
  readonly description: string
  readonly line: string
  readonly device: string
  readonly id: string
}

function unitText({ agetty, login }: LoginPrograms, { description, line, device, id }: Terminal): string {
  return `[Unit]
Description=${description}
After=systemd-user-sessions.service
Before=getty.target
IgnoreOnIsolate=yes
ConditionPathExists=${device}

[Service]
Type=idle
ExecStart=-${agetty} --login-program ${login} --noclear --keep-baud ${line} 115200,38400,9600 $TERM
Restart=always
RestartSec=0
UtmpIdentifier=${id}
TTYPath=${device}
TTYReset=yes
TTYVHangup=yes
IgnoreSIGPIPE=no
SendSIGHUP=yes
${device === '/dev/console' ? '\n[Install]\nWantedBy=getty.target\n' : ''}`
}
