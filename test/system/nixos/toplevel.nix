# The toplevel of a system: a folder of links and of the scripts that boot and activate it.
{ debian }:
{ layout, generation }:
let
  inherit (debian) run write textFile lines words packages systemd bash utilLinux shadow utilLinuxLogin;
  when = condition: text: if condition then text else "";
  whenList = condition: list: if condition then list else [ ];

  withNix = layout.registration != "none";
  login = if layout.login == "shadow" then shadow else utilLinuxLogin;

  sw = run "system-path" ''
    mkdir -p $out/bin
    for package in ${words (
      [ "${packages.coreutils}" "${packages.dbus-bin}" "${packages.procps}" ]
      ++ whenList withNix [ "${packages.nix-bin}" ]
      ++ [ "${systemd}" ]
      ++ whenList layout.loginPrograms [ "${login}" "${utilLinux}" ]
    )}; do
      for folder in bin usr/bin; do
        [ ! -d $package/$folder ] || cp --recursive --symbolic-link --no-clobber $package/$folder/. $out/bin/
      done
    done
    ln -sf ${bash}/bin/* $out/bin/
    ln -s bin $out/sbin
  '';

  loadRegistration = lines [
    "${packages.nix-bin}/usr/bin/nix-store --load-db < /nix-path-registration"
    "${packages.coreutils}/bin/rm /nix-path-registration"
    "${packages.nix-bin}/usr/bin/nix-env -p /nix/var/nix/profiles/system --set /run/current-system"
  ];
  units = import ./units.nix { inherit debian layout generation loadRegistration; };
  etc = import ./etc.nix { inherit debian layout units; };

  # A script of ours, with what stands between its @ replaced.
  values = {
    inherit bash etc;
    inherit (layout) remountStore rootPassword;
    busybox = packages.busybox-static;
    env = "${packages.coreutils}/usr/bin/env";
    greeting = "NixOS generation ${toString generation}";
    libraries = debian.libraries ([ "coreutils" "util-linux" "mount" "login" "passwd" "procps" "systemd" "dbus" ]
      ++ whenList withNix [ "nix-bin" ]);
    localCommands = textFile "local-cmds" (when (layout.registration == "postBootCommands") ''
      if [ -e /nix-path-registration ]; then
        ${loadRegistration}
      fi'');
    machineId = when layout.touchMachineId "touch /etc/machine-id";
    mounts = textFile "mounts.sh" (lines (map
      ({ device, place, options, type }: ''specialMount "${device}" "${place}" "${options}" "${type}"'') layout.mounts));
    path = builtins.concatStringsSep ":" [
      "${packages.coreutils}/bin" "${packages.coreutils}/usr/bin" "${utilLinux}/bin" "${packages.busybox-static}/bin"
    ];
    useHostResolvConf = when layout.useHostResolvConf "1";
    wrappers = when (layout.login == "shadow") "ln -sfn ${shadow}/bin/su /run/wrappers/bin/su";
  };
  script = name: file:
    write name (builtins.replaceStrings
      (map (key: "@${key}@") (builtins.attrNames values))
      (map toString (builtins.attrValues values))
      (builtins.readFile file))
    + ''
      sed -i "s|@systemConfig@|$out|g" $out/${name}
      chmod +x $out/${name}
    '';

  etcMetadata = run "etc-metadata.erofs" "echo erofs > $out";
  bootJson = builtins.toJSON ({
    "org.nixos.bootspec.v1" = {
      inherit (layout) label;
      init = "@systemConfig@/init";
      kernel = "@systemConfig@/kernel";
      system = "x86_64-linux";
      toplevel = "@systemConfig@";
    };
  } // (if !layout.nixosInit then { } else {
    "org.nixos.nixos-init.v1" = {
      etc_basedir = "${etc}/etc";
      etc_metadata_image = "${etcMetadata}";
      env_binary = "${packages.coreutils}/usr/bin/env";
      sh_binary = "${bash}/bin/sh";
      systemd_binary = "${systemd}/lib/systemd/systemd";
    };
  }));
in
run "nixos-system-${layout.name}-${layout.label}" (
  ''
    mkdir -p $out/bin $out/specialisation
    ln -s ${etc}/etc $out/etc
    ln -s ${sw} $out/sw
    ln -s ${systemd} $out/systemd
    printf %s 'systemd 252' > $out/init-interface-version
    printf %s '${layout.label}' > $out/nixos-version
    printf %s x86_64-linux > $out/system
    printf %s '${bash} ' > $out/extra-dependencies
  ''
  + script "activate" ./activate.sh
  + script "dry-activate" ./activate.sh
  + (if layout.init == "script" then script "init" ./stage-2.sh else "cp ${systemd}/lib/systemd/systemd $out/init\n")
  + when layout.prepareRoot (script "prepare-root" ./stage-2.sh)
  + (if layout.perlSwitch then write "bin/switch-to-configuration" "#!${packages.perl-base}/usr/bin/perl\n0;"
    else write "bin/switch-to-configuration" "#!${bash}/bin/bash"
      + "ln -s ${packages.coreutils}/bin/true $out/bin/.switch-to-configuration-wrapped\n")
  + "chmod +x $out/bin/switch-to-configuration\n"
  + when layout.switchInhibitors (write "switch-inhibitors" "{}")
  + when layout.host (''
    ln -s ${textFile "bzImage" "kernel"} $out/kernel
    ln -s ${textFile "initrd" "initrd"} $out/initrd
    ln -s ${run "linux-modules" "mkdir -p $out/lib/modules"} $out/kernel-modules
    ln -s ${run "firmware" "mkdir -p $out/lib/firmware"}/lib/firmware $out/firmware
    printf %s loglevel=4 > $out/kernel-params
  '' + write "boot.json" bootJson + "sed -i \"s|@systemConfig@|$out|g\" $out/boot.json\n")
  + when layout.etcOverlayLinks ''
    ln -s ${etcMetadata} $out/etc-metadata-image
    ln -s ${etc}/etc $out/etc-basedir
  ''
)
