# What all systems share: the programs of Debian packages, in store paths that are laid out as those of nixpkgs.
{ plan }:
rec {
  # A store path that shell commands make.
  run = name: commands: derivation {
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-e" "-c" commands ];
    PATH = "/usr/bin:/bin";
  };

  packages = import ../closure/packages.nix { inherit plan; };

  lines = builtins.concatStringsSep "\n";
  words = builtins.concatStringsSep " ";

  # Shell commands that write text into a file below $out.
  write = path: text: ''
    mkdir -p "$(dirname "$out/${path}")"
    cat > "$out/${path}" <<'END-OF-FILE'
    ${text}
    END-OF-FILE
  '';

  # A store path that is a file.
  textFile = name: text: run name ''
    cat > $out <<'END-OF-FILE'
    ${text}
    END-OF-FILE
  '';
  scriptFile = name: text: run name ''
    cat > $out <<'END-OF-FILE'
    ${text}
    END-OF-FILE
    chmod +x $out
  '';

  # The first program of all, which no library has to be found for.
  bash = run "bash-5.2p15" ''
    mkdir -p $out/bin
    cp ${packages.bash-static}/bin/bash-static $out/bin/bash
    ln -s bash $out/bin/sh
  '';

  # Programs in store paths that are named as in nixpkgs.
  programs = name: folders: run name ''
    mkdir -p $out/bin
    ln -s bin $out/sbin
    for folder in ${words folders}; do cp --recursive --symbolic-link --no-clobber $folder/. $out/bin/; done
  '';
  utilLinux = programs "util-linux-2.41.2-bin" [
    "${packages.util-linux}/bin" "${packages.util-linux}/sbin" "${packages.util-linux}/usr/bin" "${packages.mount}/bin"
  ];
  utilLinuxLogin = run "util-linux-2.41.2-login" "mkdir -p $out/bin && ln -s ${packages.login}/bin/login $out/bin/";
  shadow = programs "shadow-4.18.0" [ "${packages.login}/bin" "${packages.passwd}/usr/bin" "${packages.passwd}/usr/sbin" ];

  # What packages depend on, with themselves.
  closureOf = names: map ({ key }: key) (builtins.genericClosure {
    startSet = map (key: { inherit key; }) names;
    operator = { key }: map (key: { inherit key; }) depends.${key};
  });
  depends = builtins.listToAttrs (map ({ name, depends, ... }: { inherit name; value = depends; })
    (builtins.fromJSON (builtins.readFile plan)));

  # Debian's programs look for libraries and for programs of systemd in /lib, and not in store paths as those of nixpkgs
  # do. Stage 2 puts links to this there. It has no units: those are found only where the configuration has them.
  libraries = names: run "debian-libraries" ''
    mkdir -p $out/lib $out/lib64 $out/share
    for package in ${words (map (name: "${packages.${name}}") (closureOf names))}; do
      for folder in lib lib64 usr/lib; do
        [ -d $package/$folder ] || continue
        mkdir -p $out/''${folder#usr/}
        cp --recursive --symbolic-link --no-clobber $package/$folder/. $out/''${folder#usr/}/
      done
      [ ! -d $package/usr/share/dbus-1 ] ||
        cp --recursive --symbolic-link --no-clobber $package/usr/share/dbus-1 $out/share/
    done
    chmod -R u+w $out/lib
    rm -rf $out/lib/*.d $out/lib/systemd
    # systemd-nspawn would execute a systemd there instead of /sbin/init.
    mkdir $out/lib/systemd
    ln -s ${systemd}/lib/systemd/* $out/lib/systemd/
    rm $out/lib/systemd/systemd
  '';

  # Units and what belongs to them are in example/, where systemd does not look.
  systemd = run "systemd-252.39" ''
    from=${packages.systemd}
    mkdir -p $out/bin $out/lib/systemd $out/example/systemd $out/example/tmpfiles.d $out/example/sysctl.d
    for file in $from/lib/systemd/*; do
      case ''${file##*/} in
        system|user|systemd) ;;
        *) ln -s $file $out/lib/systemd/ ;;
      esac
    done
    cp $from/lib/systemd/systemd $out/lib/systemd/
    cp --recursive --symbolic-link $from/bin/. $from/usr/bin/. $out/bin/
    cp $from/usr/lib/tmpfiles.d/* $out/example/tmpfiles.d/
    cp $from/usr/lib/sysctl.d/* $out/example/sysctl.d/
    cp --recursive $from/lib/systemd/system $out/example/systemd/
    cp --recursive $from/usr/lib/systemd/user $out/example/systemd/
    chmod -R u+w $out/example
    find $out/example/systemd -type f -exec sed -i -E \
      -e "s#([=+@!|-])/(usr/)?lib/systemd/#\1$out/lib/systemd/#" \
      -e "s#^(Exec[A-Za-z]*=[+@!|-]*)(/bin/|/usr/bin/)?(journalctl|systemctl|systemd-[a-z-]+) #\1$out/bin/\3 #" \
      -e "s#([=+@!|-])/sbin/agetty#\1${utilLinux}/bin/agetty#" {} +
  '';
}
