# Toplevels of NixOS systems: a folder with a link NAME.GENERATION to each. `plan` is what ../closure/packages.nix takes, and
# `layouts` a JSON file with a list of what layout.ts calls a layout.
{ plan, layouts }:
let
  debian = import ./debian.nix { inherit plan; };
  toplevel = import ./toplevel.nix { inherit debian; };
  inherit (debian) run lines;
in
run "nixos-systems" ''
  mkdir $out
  ${lines (builtins.concatMap (layout: map (generation: ''
    ln -s ${toplevel { inherit layout generation; }} $out/${layout.name}.${toString generation}'') [ 1 2 ])
    (builtins.fromJSON (builtins.readFile layouts)))}
''
