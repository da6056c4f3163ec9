import type { Topic } from './topic.ts'

const TEXT = `The key "systemd" of image.yaml, or --toplevel, prepares an image for systemd.

MACHINE ID
  Every machine gets an ID of its own. systemd.machineId decides whether its
  first boot counts as one for ConditionFirstBoot= and presets:

  uninitialized   yes (the default)
  missing         yes
  empty           no (the default if the system has no unit that ends a first
                  boot, such as NixOS before 24.11)
  32 hex digits   no; all machines of this image have this ID

  A file /etc/machine-id under "files" takes the place of the default.
  On NixOS, a preset in systemd.presets takes effect only if its name sorts
  before 00-nixos.preset, which leaves all units as they are.

UNITS
  systemd.units adds, enables, masks and extends units. They may come from the
  closure, or from files, links and overlays. Enabling does what
  "systemctl enable" does, by the [Install] section: WantedBy=, RequiredBy=,
  UpheldBy=, Alias=, Also=, templates and DefaultInstance=.

  Units of a NixOS system have no [Install] section. NixOS starts them by
  wantedBy in its configuration. To enable another one of them here, give it
  "enable: true" and a drop-in with [Install] and WantedBy=.

  A drop-in needs a name that the system does not use for the same unit. NixOS
  names its own overrides.conf.

  "enable: false" does not disable a unit of the closure. "mask: true" does, and
  nothing can start the unit then.

LOGINS
  container-getty@.service serves "machinectl login". console-getty.service and
  getty.target serve the console. If the image lacks one of these units, if it
  is masked, or if its program does not exist, the build adds one.
  systemd.gettys: false turns this off.

  The build masks systemd-firstboot.service, which would wait for answers on an
  unattended console. To keep it, name it in systemd.units.

FOLDERS OF UNITS ON NIXOS
  NixOS replaces /etc/systemd/system by a symlink at each boot. With a directory
  in its place, the machine would start without units. So the build uses these
  folders:

  a folder that you choose       all units, if boot.extraSystemdUnitPaths of the
                                 configuration has an entry
  /etc/systemd/system.attached   else: units that the system does not have
  /etc/systemd/system.control    else: masks, and units that override units of
                                 the system

  At each boot, NixOS also replaces other files in /etc. The build warns of each
  file that would be lost.

OTHER FILES
  systemd.hostname, systemd.locale, systemd.timezone and systemd.resolvConf
  write files in /etc. systemd.tmpfiles and systemd.sysusers write files in
  /etc/tmpfiles.d and /etc/sysusers.d. systemd.osRelease is for images without
  NixOS.

  When a machine starts, systemd-nspawn sets it to the time zone of the host. To
  keep systemd.timezone, also declare: nspawn: { Exec: { Timezone: off } }.

  NixOS reads /etc/sysusers.d only with systemd.sysusers.enable in its
  configuration. Else declare users there, in users.users.`

export const systemd: Topic = {
  name: 'systemd',
  summary: 'machine ID, first boot, units, logins',
  text: TEXT,
}
