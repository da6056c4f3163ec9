# The folder of which the activation makes /etc: a link per leaf, and NAME.mode beside what is to be copied instead.
{ debian, layout, units }:
let
  inherit (debian) run textFile lines packages systemd bash;

  osRelease = ''
    ANSI_COLOR="0;38;2;126;186;228"
    BUILD_ID="${layout.label}"
    ID=nixos
    NAME=NixOS
    PRETTY_NAME="NixOS ${layout.release}"
    VERSION="${layout.release}"
    VERSION_ID="${layout.release}"'';

  security = "${packages.libpam-modules}/lib/x86_64-linux-gnu/security";
  pam = ''
    account required ${security}/pam_unix.so
    auth sufficient ${security}/pam_unix.so likeauth try_first_pass
    auth required ${security}/pam_deny.so
    password sufficient ${security}/pam_unix.so nullok yescrypt
    session required ${security}/pam_env.so conffile=/etc/pam/environment readenv=0
    session required ${security}/pam_unix.so
    session optional ${security}/pam_loginuid.so'';

  quoted = value: if builtins.match "[a-zA-Z0-9,._+:@%/-]+" value == null then "'${value}'" else value;
  environment = [
    "LOCALE_ARCHIVE=/run/current-system/sw/lib/locale/locale-archive"
    "PATH=${debian.utilLinux}/bin"
  ]
  ++ (if layout.unitPaths == [ ] then [ ] else [
    "SYSTEMD_UNIT_PATH=${quoted "${builtins.concatStringsSep ":" layout.unitPaths}:"}"
  ])
  ++ [ "TZDIR=/etc/zoneinfo" ];

  texts = {
    "os-release" = osRelease;
    "issue" = "\n<<< Welcome to NixOS ${layout.label} (\\m) - \\l >>>\n";
    "hostname" = layout.name;
    "hosts" = "127.0.0.1 localhost\n::1 localhost\n127.0.0.2 ${layout.name}";
    "login.defs" = "DEFAULT_HOME yes\nENCRYPT_METHOD YESCRYPT\nUMASK 077";
    "nsswitch.conf" = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns";
    "profile" = "export PATH=/run/wrappers/bin:/run/current-system/sw/bin";
    "shells" = "/run/current-system/sw/bin/bash\n/bin/sh";
    "fstab" = "# This is a generated file.  Do not edit!";
    "sudoers" = "root ALL=(ALL:ALL) SETENV: ALL";
    "pam/environment" = "PATH DEFAULT=\"/run/wrappers/bin:/run/current-system/sw/bin\"";
    "pam.d/login" = pam;
    "pam.d/other" = pam;
    "pam.d/passwd" = pam;
    "nix/nix.conf" = "build-users-group = nixbld\nsandbox = ${layout.sandbox}\nsandbox-fallback = false";
    "systemd/journald.conf" = "[Journal]\nStorage=persistent";
    "systemd/logind.conf" = "[Login]\nKillUserProcesses=no";
    "systemd/system.conf" = "[Manager]\nDefaultIPAccounting=true\nManagerEnvironment=${builtins.concatStringsSep " " environment}";
    "systemd/system-preset/00-nixos.preset" = "ignore *";
    "systemd/user-preset/00-nixos.preset" = "ignore *";
  };
  links = {
    "systemd/system" = "${units}";
    "systemd/user" = "${run "user-units" ''
      mkdir $out
      ln -s ${systemd}/example/systemd/user/*.target ${systemd}/example/systemd/user/*.slice $out/
    ''}";
    "systemd/system-generators" = "${run "system-generators" "mkdir $out"}";
    "sysctl.d/50-default.conf" = "${systemd}/example/sysctl.d/50-default.conf";
    "tmpfiles.d" = "${run "tmpfiles.d" ''
      mkdir $out
      for name in home journal-nocow systemd systemd-nologin systemd-tmp tmp var x11; do
        ln -s ${systemd}/example/tmpfiles.d/$name.conf $out/
      done
    ''}";
  };
in
run "etc" ''
  mkdir -p $out/etc
  ${lines (map (name: ''
    mkdir -p $out/etc/$(dirname ${name})
    ln -s ${textFile "etc-${baseNameOf name}" texts.${name}} $out/etc/${name}'') (builtins.attrNames texts))}
  ${lines (map (name: ''
    mkdir -p $out/etc/$(dirname ${name})
    ln -s ${links.${name}} $out/etc/${name}'') (builtins.attrNames links))}
  printf 0440 > $out/etc/sudoers.mode
  printf 0 > $out/etc/sudoers.uid
  printf 0 > $out/etc/sudoers.gid
''
