import type { Topic } from './topic.ts'

const TEXT = `A closure comes from one of these sources. All give the same image, bit for bit,
if they list the same store paths.

THE STORE OF THIS MACHINE (the default)
  This is the store that Nix uses here: set in nix.conf, by NIX_REMOTE, or in
  the home of a user who is not root.
  The command asks "nix" for the closure, else "nix-store". If neither is on
  PATH, or neither has access, it reads the database of the store. It never
  writes to the database, and other processes may write meanwhile.
  If a store path is not in this store, it comes from https://cache.nixos.org.

--store DIR (closure.store)
  A store with its files in DIR/nix/store, such as a chroot store. Its database
  is in DIR/nix/var/nix/db, or --closure-info lists the closure.

--store URL (closure.caches)
  A binary cache. The URL begins with https, http or file. The option may be
  repeated. See: nspawn-rootfs help caches

--closure-info DIR (closure.closureInfo)
  A folder that nixpkgs' closureInfo made. The image contains all store paths
  that it lists.

--export FILE (closure.exportFile)
  The output of "nix-store --export". The image contains all of it.

--nar PATH=FILE (closure.narFiles)
  The NAR of one store path, compressed or not. Repeat the option for each path
  of the closure. References are found as Nix finds them: by the digests in the
  contents. If PATH or FILE contains "=", the last "=" in front of an existing
  file ends PATH.

--export and --nar are not signed: you vouch for the files. They must be files
and not pipes, because they are read more than once.

WHAT TO PUT INTO THE IMAGE
  --toplevel PATH (closure.toplevel)   a NixOS system to boot
  --root PATH (closure.roots)          more store paths (repeatable)
  PATH is a store path or a symlink to one. The image contains its closure.
  Unless the source is the store of this machine, the path need not exist here.
  --etc-nixos DIR puts a folder into the image as /etc/nixos.

OTHER ARCHITECTURES
  A build runs no program of the closure, so an x86_64 machine builds images for
  aarch64. The command reads the system from the toplevel. With --system, the
  build fails if the toplevel is for another system.
  The tests boot aarch64 images under qemu-user. There, units with credentials
  fail (systemd/systemd#34809): systemd-sysusers, systemd-tmpfiles-setup and
  systemd-firstboot.`

export const sources: Topic = {
  name: 'sources',
  summary: 'where a closure comes from: stores, caches, exports, NARs',
  text: TEXT,
}
