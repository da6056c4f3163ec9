import type { Topic } from './topic.ts'

const TEXT = `"nspawn-rootfs init" writes a configuration with all options that a container
needs. This topic is for configurations of your own.

WHAT AN IMAGE OF A NIXOS SYSTEM CONTAINS
  nix/store/…                    the closure
  nix/var/nix/profiles/system    a symlink to the toplevel, which
                                 "nixos-rebuild switch" changes
  sbin/init                      a symlink to the stage-2 script, through the
                                 profile
  etc/os-release                 a regular file: systemd-nspawn refuses a tree
                                 without one
  etc/nixos                      your configuration, if you name its folder
  etc/machine-id                 empty, if the system has no unit that ends a
                                 first boot
  etc/systemd                    units for logins, if the system lacks them
  nix-path-registration          the contents of the Nix database, for
                                 "nix-store --load-db" at the first boot
  dev, proc, sys                 empty directories
  make-system-tarball of nixpkgs makes the same layout.

WHICH CONFIGURATIONS BOOT
  /sbin/init must lead to the stage-2 script, which fills /etc and then starts
  systemd. The script is "prepare-root" in a system with systemd in its initrd,
  which is the default outside of containers since 26.05, and "init" in all
  other systems.

  boot.isNspawnContainer or boot.isContainer
      builds
  a host, with a kernel and an initrd
      builds with a warning: the next generation needs a boot loader
  system.nixos-init.enable
      fails: only an initrd activates such a system
  system.etc.overlay.enable
      fails: only an initrd mounts its /etc
  system.activatable = false
      fails: nothing would fill /etc
  no console.enable, in 25.05 to 26.05
      builds, and adds units for logins
  nothing loads /nix-path-registration
      builds with a warning: Nix in the machine cannot build, because its
      database is empty

  Each failure and warning names the option to set.

CHANGING A MACHINE LATER
  "nixos-rebuild switch" in the machine activates a new configuration.
  Do not switch a machine between the configurations of a host and of a
  container. The stage-2 script would get another name, /sbin/init would still
  lead to the old one, and the machine would not boot. Build and import a new
  image instead.

IMAGES WITHOUT NIXOS
  "nspawn-rootfs init --flavour plain" writes a declaration for store paths that
  are not a NixOS system. On the command line, use --root.`

export const nixos: Topic = {
  name: 'nixos',
  summary: 'which NixOS configurations boot, what is in their images',
  text: TEXT,
}
