# Debian packages as store paths, by name. `plan` is a JSON file: a list of { name, version, deb, depends, bump }, in which
# a package depends only on earlier ones.
{ plan }:
let
  # Store path names take fewer characters than Debian's versions and file names.
  cleaned = text: builtins.concatStringsSep "-" (builtins.filter builtins.isString (builtins.split "[^a-zA-Z0-9+._-]" text));
  packages = builtins.listToAttrs (map (package: {
    inherit (package) name;
    value = derivation {
      name = cleaned "${package.name}-${package.version}";
      deb = builtins.path { path = package.deb; name = cleaned (baseNameOf package.deb); };
      depends = map (name: packages.${name}) package.depends;
      inherit (package) bump;
      system = builtins.currentSystem;
      builder = "/bin/sh";
      args = [ "-e" ./unpack.sh ];
      PATH = "/usr/bin:/bin";
    };
  }) (builtins.fromJSON (builtins.readFile plan)));
in
packages
