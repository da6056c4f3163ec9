#!@bash@/bin/bash

systemConfig='@systemConfig@'

export PATH=/empty:@path@

_status=0
trap "_status=1 _localstatus=\$?" ERR

umask 0022

#### Activation script snippet specialfs:
_localstatus=0
specialMount() {
  local device="$1" mountPoint="$2" options="$3" fsType="$4"
  if mountpoint -q "$mountPoint"; then
    options="remount,$options"
  else
    mkdir -p "$mountPoint"
    chmod 0755 "$mountPoint"
  fi
  mount -t "$fsType" -o "$options" "$device" "$mountPoint"
}
source @mounts@
if (( _localstatus > 0 )); then
  printf "Activation script snippet '%s' failed (%s)\n" "specialfs" "$_localstatus"
fi

#### Activation script snippet binsh:
_localstatus=0
mkdir -p /bin
chmod 0755 /bin
ln -sfn "@bash@/bin/sh" /bin/.sh.tmp
mv -fT /bin/.sh.tmp /bin/sh

#### Activation script snippet var:
_localstatus=0
mkdir -p /var/log /var/db /var/lib
ln -sfn /run /var/run
mkdir -m 01777 -p /var/tmp
mkdir -m 0555 -p /var/empty
mkdir -m 0700 -p /root
mkdir -m 0755 -p /home /nix/var/nix/gcroots
ln -sfn /run/booted-system /nix/var/nix/gcroots/booted-system

#### Activation script snippet users:
_localstatus=0
# Adds lines to a file for the names that it has none for.
merge() {
  local file="/etc/$1" mode="$2" line
  { [ -e "$file" ] || : > "$file"; } && chmod "$mode" "$file"
  while read -r line; do
    [[ $'\n'$(< "$file") == *$'\n'"${line%%:*}":* ]] || echo "$line" >> "$file"
  done
}
merge passwd 0644 <<'END'
root:x:0:0:System administrator:/root:/run/current-system/sw/bin/bash
messagebus:x:4:4:D-Bus system message bus daemon user:/run/dbus:/run/current-system/sw/bin/nologin
nobody:x:65534:65534:Unprivileged account:/var/empty:/run/current-system/sw/bin/nologin
END
merge group 0644 <<'END'
root:x:0:
wheel:x:1:
kmem:x:2:
tty:x:3:
messagebus:x:4:
disk:x:6:
utmp:x:29:
systemd-journal:x:62:
keys:x:96:
users:x:100:
input:x:174:
kvm:x:302:
nixbld:x:30000:
nogroup:x:65534:
END
merge shadow 0640 <<'END'
root:@rootPassword@:1::::::
messagebus:!:1::::::
nobody:!:1::::::
END

#### Activation script snippet etc:
_localstatus=0
echo "setting up /etc..."
etc=@etc@/etc
ln -sfn "$etc" /etc/.static.tmp
mv -fT /etc/.static.tmp /etc/static
cd "$etc"
busybox find . -type l | while read -r leaf; do
  leaf=${leaf#./}
  place=/etc/$leaf
  [ -d "${place%/*}" ] || mkdir -p "${place%/*}"
  if [ -e "$leaf.mode" ]; then
    cp -L "$leaf" "$place.tmp"
    chown "$(cat "$leaf.uid"):$(cat "$leaf.gid")" "$place.tmp"
    chmod "$(cat "$leaf.mode")" "$place.tmp"
    mv -fT "$place.tmp" "$place"
    continue
  fi
  if [ -h "$place" ] && [ "$place" -ef "$leaf" ]; then continue; fi
  # An empty directory makes room, and none with files.
  if [ -d "$place" ] && [ ! -h "$place" ] && ! rmdir "$place"; then
    echo "$place directory contains user files. Symlinking may fail."
    continue
  fi
  ln -sfn "/etc/static/$leaf" "$place"
done
cd /
# What an earlier configuration had.
busybox find /etc -type l ! -path /etc/static | while read -r link; do
  [ -e "$link" ] || case $(readlink "$link") in /etc/static/*) rm "$link" ;; esac
done
: > /etc/NIXOS

#### Activation script snippet usrbinenv:
_localstatus=0
mkdir -p /usr/bin
chmod 0755 /usr/bin
ln -sfn @env@ /usr/bin/.env.tmp
mv -fT /usr/bin/.env.tmp /usr/bin/env

#### Activation script snippet wrappers:
_localstatus=0
mkdir -p /run/wrappers/bin
@wrappers@

# Make this configuration the current configuration.
ln -sfn "$(readlink -f "$systemConfig")" /run/current-system

exit $_status
