import type { Rule } from './rule.ts'
import { NSPAWN, TAR_UTIL } from './sources.ts'

/** Rules about the machine that an image becomes. */
export const MACHINE_RULES = [
  {
    name: 'root',
    severity: 'warning',
    reason: 'the entry "./" gives the root of the machine its mode and owner, and a single top folder does',
    source: `${TAR_UTIL}, tar_x; systemd: src/import/import-common.c, import_mangle_os_tree`,
  },
  {
    name: 'nested',
    severity: 'note',
    reason: 'a tree that lies in one folder is moved up when it is imported',
    source: 'systemd: src/import/import-common.c, import_mangle_os_tree',
  },
  {
    name: 'os-release',
    severity: 'error',
    reason: 'systemd-nspawn boots no tree without etc/os-release or usr/lib/os-release',
    source: `${NSPAWN}; os-release(5); NixOS/nixpkgs#28833`,
  },
  {
    name: 'usr',
    severity: 'note',
    reason: 'without /usr a machine can only be booted: systemd-nspawn runs no single command in it',
    source: 'systemd-nspawn(1), --directory; systemd: src/nspawn/nspawn.c',
  },
  {
    name: 'machine-id',
    severity: 'error',
    reason: 'systemd-nspawn starts no tree with an etc/machine-id that is no ID, not empty and not "uninitialized"',
    source: 'machine-id(5); systemd: src/nspawn/nspawn.c, setup_machine_id; seen with systemd 252, 257 and 262',
  },
  {
    name: 'mount-point',
    severity: 'error',
    reason:
      'systemd-nspawn mounts over /proc, /sys, /dev, /run and /tmp, which have to be directories if they are there',
    source: 'systemd: src/nspawn/nspawn-mount.c, mount_all; seen with systemd 252, 257 and 262',
  },
  {
    name: 'init',
    severity: 'error',
    reason:
      'systemd-nspawn executes the first of /usr/lib/systemd/systemd, /lib/systemd/systemd and /sbin/init that it can',
    source: `${NSPAWN}; systemd: src/nspawn/nspawn.c; execve(2)`,
  },
  {
    name: 'init-machine',
    severity: 'error',
    reason: 'a kernel does not execute the programs of another architecture',
    source: 'elf(5), e_machine; execve(2), ENOEXEC',
  },
  {
    name: 'activation',
    severity: 'error',
    reason: 'only the stage-2 script of a NixOS system fills /etc: without it systemd finds no units, and stops',
    source: 'nixpkgs: nixos/modules/system/activation/top-level.nix, nixos/modules/system/boot/stage-2-init.sh',
  },
  {
    name: 'profile',
    severity: 'warning',
    reason: 'what nixos-rebuild switch builds boots next only if init is found through the system profile',
    source: 'NixOS/nixpkgs#228764, NixOS/nixpkgs#231097',
  },
  {
    name: 'container',
    severity: 'warning',
    reason: 'a NixOS system for a host mounts what a container may not, and its next generation wants a boot loader',
    source: 'nixpkgs: nixos/modules/virtualisation/container-config.nix; NixOS/nixpkgs#345899',
  },
  {
    name: 'login',
    severity: 'warning',
    reason: 'machinectl login makes the machine start container-getty@.service, and fails if there is none',
    source: 'machinectl(1), login; systemd: src/machine/machine-dbus.c; NixOS/nixpkgs#480686',
  },
  {
    name: 'registration',
    severity: 'error',
    reason:
      'Nix in the machine knows the store paths in its database and those that nix-path-registration lists, and no others',
    source: 'nix-store --load-db; Nix: src/libstore/local-store.cc, registerValidPaths',
  },
] as const satisfies readonly Rule[]
