# The closure that make.ts plans. `plan` is a JSON file: a list of { name, version, deb, depends, bump }, in which a
# package depends only on earlier ones. `system` is that of their programs. Nothing runs them: any system builds it.
{ plan, system }:
let
  packages = builtins.fromJSON (builtins.readFile plan);

  # Store path names take fewer characters than Debian's versions and file names.
  cleaned = text: builtins.concatStringsSep "-" (builtins.filter builtins.isString (builtins.split "[^a-zA-Z0-9+._-]" text));

  script = file: attributes: derivation (attributes // {
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-e" file ];
    PATH = "/usr/bin:/bin";
  });

  unpacked = builtins.listToAttrs (map (package: {
    inherit (package) name;
    value = script ./unpack.sh {
      name = cleaned "${package.name}-${package.version}";
      deb = builtins.path { path = package.deb; name = cleaned (baseNameOf package.deb); };
      depends = map (name: unpacked.${name}) package.depends;
      inherit (package) bump;
    };
  }) packages);
in
script ./toplevel.sh {
  name = "nixos-system-debian-24.05";
  packages = map (package: unpacked.${package.name}) packages;
  busybox = unpacked.busybox-static;
  init = ./init.sh;
  hostSystem = system;
}
