# etc/systemd/system of a configuration: links to the units of systemd's package and of the configuration's own.
{ debian, layout, generation, loadRegistration }:
let
  inherit (debian) run write words lines packages systemd;

  # What a configuration takes over from systemd's package.
  upstream = [
    "basic.target" "sysinit.target" "sockets.target" "exit.target" "graphical.target" "multi-user.target" "network.target"
    "network-pre.target" "network-online.target" "nss-lookup.target" "nss-user-lookup.target" "time-set.target"
    "time-sync.target" "first-boot-complete.target" "sigpwr.target" "timers.target" "paths.target" "rpcbind.target"
    "rescue.target" "rescue.service" "local-fs.target" "local-fs-pre.target" "remote-fs.target" "remote-fs-pre.target"
    "swap.target" "dev-hugepages.mount" "dev-mqueue.mount" "sys-fs-fuse-connections.mount" "systemd-random-seed.service"
    "boot-complete.target" "reboot.target" "systemd-reboot.service" "poweroff.target" "systemd-poweroff.service"
    "halt.target" "systemd-halt.service" "shutdown.target" "umount.target" "final.target" "emergency.target"
    "emergency.service" "systemd-update-utmp.service" "systemd-ask-password-console.path"
    "systemd-ask-password-console.service" "systemd-ask-password-wall.path" "systemd-ask-password-wall.service"
    "slices.target" "user.slice" "machine.slice" "systemd-exit.service" "systemd-journald.socket"
    "systemd-journald.service" "systemd-journald-dev-log.socket" "systemd-journal-flush.service" "systemd-logind.service"
    "dbus-org.freedesktop.login1.service" "systemd-user-sessions.service" "user@.service" "user-runtime-dir@.service"
    "systemd-tmpfiles-clean.service" "systemd-tmpfiles-clean.timer" "systemd-tmpfiles-setup.service"
    "systemd-tmpfiles-setup-dev.service" "systemd-hostnamed.service" "dbus-org.freedesktop.hostname1.service"
    "systemd-sysctl.service"
  ]
  ++ (if layout.machineIdCommit then [ "systemd-machine-id-commit.service" ] else [ ])
  ++ (if layout.gettys then [
    "getty.target" "getty-pre.target" "getty@.service" "serial-getty@.service" "console-getty.service"
    "container-getty@.service"
  ] else [ ])
  ++ (if layout.host then [
    "kmod-static-nodes.service" "systemd-modules-load.service" "sys-kernel-config.mount" "systemd-remount-fs.service"
  ] else [ ]);

  # The units whose own links of *.wants/ a configuration takes over.
  wanting = [ "sysinit" "sockets" "local-fs" "multi-user" "timers" ];

  agetty = "${debian.utilLinux}/bin/agetty --login-program ${debian.shadow}/bin/login"
    + (if layout.issueFile then " --issue-file /etc/issue:/etc/issue.d:/run/issue:/run/issue.d" else "");
  getty = arguments: {
    text = ''
      [Unit]
      X-RestartIfChanged=false

      [Service]
      Environment="LOCALE_ARCHIVE=/run/current-system/sw/lib/locale/locale-archive" "TZDIR=/etc/zoneinfo"
      ExecStart=
      ExecStart=${agetty} ${arguments}
    '';
    isDropIn = true;
  };
  oneshot = description: before: command: {
    text = ''
      [Unit]
      Description=${description}
      ${before}

      [Service]
      Type=oneshot
      RemainAfterExit=true
      ExecStart=${command}
    '';
  };
  registerNixPaths = oneshot "Register the store paths of the image" ''
    DefaultDependencies=false
    After=local-fs.target
    Before=sysinit.target shutdown.target nix-daemon.socket nix-daemon.service
    Conflicts=shutdown.target
    ConditionPathExists=/nix-path-registration'' "${run "unit-script-register-nix-paths-start" (''
      mkdir -p $out/bin
    '' + write "bin/register-nix-paths-start" ''
      #!${debian.bash}/bin/bash
      set -e
      ${loadRegistration}
    '' + "chmod +x $out/bin/*")}/bin/register-nix-paths-start";

  # Units of the configuration: a text each, and who wants it.
  own = {
    "dbus.service".text = ''
      [Unit]
      Description=D-Bus System Message Bus
      Requires=dbus.socket

      [Service]
      Type=notify
      ExecStart=@${packages.dbus-daemon}/usr/bin/dbus-daemon dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only
      ExecReload=${packages.dbus-bin}/usr/bin/dbus-send --print-reply --system --type=method_call --dest=org.freedesktop.DBus / org.freedesktop.DBus.ReloadConfig
      OOMScoreAdjust=-900
    '';
    "dbus.socket" = {
      text = ''
        [Unit]
        Description=D-Bus System Message Bus Socket

        [Socket]
        ListenStream=/run/dbus/system_bus_socket
      '';
      wantedBy = [ "sockets.target" ];
    };
    "generation-${toString generation}.service" = oneshot "Only in generation ${toString generation}" "" "${packages.coreutils}/bin/true" // {
      wantedBy = [ "multi-user.target" ];
    };
  }
  // (if layout.gettys then {
    "container-getty@.service" = getty "--noclear --keep-baud pts/%I 115200,38400,9600 $TERM";
    "getty@.service" = getty "--noclear --keep-baud %I 115200,38400,9600 $TERM";
    "serial-getty@.service" = getty "%I --keep-baud $TERM";
    "autovt@.service".link = "getty@.service";
  } else { })
  // (if layout.gettys && layout.consoleGetty then {
    "console-getty.service" = getty "--noclear --keep-baud console 115200,38400,9600 $TERM";
  } else { })
  // (if layout.gettys && !layout.consoleGetty then {
    "console-getty.service".link = "/dev/null";
  } else { })
  // (if layout.registration == "unit" then {
    "register-nix-paths.service" = registerNixPaths // { wantedBy = [ "sysinit.target" ]; };
  } else { });

  pathSafe = builtins.replaceStrings [ "@" ":" "\\" ] [ "-" "-" "-" ];
  unit = name: { text, ... }: "${run "unit-${pathSafe name}" (write name text)}/${name}";
  place = name: { link ? null, isDropIn ? false, wantedBy ? [ ], ... }@one: lines ([
    (if link != null then "ln -sf ${link} $out/${name}"
      else if isDropIn then "mkdir -p $out/${name}.d && ln -s ${unit name one} $out/${name}.d/overrides.conf"
      else "ln -sf ${unit name one} $out/${name}")
  ] ++ map (target: "mkdir -p $out/${target}.wants && ln -s ../${name} $out/${target}.wants/") wantedBy);
in
run "system-units" ''
  mkdir $out
  for name in ${words upstream}; do
    ln -s ${systemd}/example/systemd/system/$name $out/$name
  done
  for target in ${words wanting}; do
    wants=$target.target.wants
    mkdir $out/$wants
    for link in ${systemd}/example/systemd/system/$wants/*; do
      [ ! -h "$out/''${link##*/}" ] || ln -s "../''${link##*/}" $out/$wants/
    done
  done
  ${lines (map (name: place name own.${name}) (builtins.attrNames own))}
  # Whoever has gettys wants one on the first virtual terminal.
  ${if layout.gettys then ''
    mkdir -p $out/getty.target.wants
    ln -s ../autovt@.service $out/getty.target.wants/autovt@tty1.service
  '' else ""}
  ln -sf multi-user.target $out/default.target
''
