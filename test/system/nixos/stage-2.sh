#! @bash@/bin/bash

systemConfig=@systemConfig@

export HOME=/root

# Debian's programs run only where they find their libraries; those of nixpkgs know where those are in the store.
@busybox@/bin/busybox mkdir -p /usr
for folder in lib lib64 share; do
  @busybox@/bin/busybox ln -sfn "@libraries@/$folder" "/usr/$folder"
done
for folder in lib lib64; do
  @busybox@/bin/busybox ln -sfn "usr/$folder" "/$folder"
done

export PATH=@path@

if [ "${IN_NIXOS_SYSTEMD_STAGE1:-}" != true ]; then
  echo
  echo "<<< @greeting@ Stage 2 >>>"
  echo
  [ -n "$container" ] || mount -n -o remount,rw none /
fi

# Without a first stage nobody has mounted what every program needs.
if [ ! -e /proc/1 ]; then
  specialMount() {
    mkdir -m 0755 -p "$2"
    mount -n -t "$4" -o "$3" "$1" "$2"
  }
  source @mounts@
fi

chown -f 0:30000 /nix/store
chmod -f 1775 /nix/store
@remountStore@

if [ "${IN_NIXOS_SYSTEMD_STAGE1:-}" != true ]; then
  # What systemd-nspawn says of name servers is handed on.
  if [ -n "@useHostResolvConf@" ] && [ -e /etc/resolv.conf ]; then
    cat /etc/resolv.conf > /run/resolv.conf.of-host
  fi
  exec {logOutFd}>&1 {logErrFd}>&2
  if test -w /dev/kmsg; then
    exec > >(tee -i /proc/self/fd/"$logOutFd" | while read -r line; do
      if test -n "$line"; then echo "<7>stage-2-init: $line" > /dev/kmsg; fi
    done) 2>&1
  else
    mkdir -p /run/log
    exec > >(tee -i /run/log/stage-2-init.log) 2>&1
  fi
fi

install -m 0755 -d /etc
[ -h /etc/nixos ] || install -m 0755 -d /etc/nixos
install -m 01777 -d /tmp

echo "running activation script..."
$systemConfig/activate

# What was booted, which is not always what was activated last.
ln -sfn "$systemConfig" /run/booted-system
@machineId@
@bash@/bin/bash @localCommands@

if [ "${IN_NIXOS_SYSTEMD_STAGE1:-}" != true ]; then
  exec 1>&$logOutFd 2>&$logErrFd
  exec {logOutFd}>&- {logErrFd}>&-
fi

echo "starting systemd..."
exec /run/current-system/systemd/lib/systemd/systemd "$@"
