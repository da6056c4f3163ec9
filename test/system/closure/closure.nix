# The closure that make.ts plans: `plan` is what packages.nix takes, and `system` that of the programs. Nothing runs them:
# any system builds it.
{ plan, system }:
let
  packages = import ./packages.nix { inherit plan; };
in
derivation {
  name = "nixos-system-debian-24.05";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-e" ./toplevel.sh ];
  PATH = "/usr/bin:/bin";
  packages = map ({ name, ... }: packages.${name}) (builtins.fromJSON (builtins.readFile plan));
  busybox = packages.busybox-static;
  init = ./init.sh;
  hostSystem = system;
}
