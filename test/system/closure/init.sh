#!@busybox@/bin/busybox sh
# What NixOS does before systemd runs, as far as an image needs it: everything outside of the store is made at boot.
system=@system@
busybox() { @busybox@/bin/busybox "$@"; }

busybox mkdir -p /usr /etc /run /tmp /root /var/log /var/lib /nix/var/nix/db
for folder in "$system"/sw/usr/*; do
  busybox ln -sfn "$folder" "/usr/${folder##*/}"
done
for folder in bin lib lib64; do
  [ -e "/$folder" ] || [ ! -e "/usr/$folder" ] || busybox ln -s "usr/$folder" "/$folder"
done
# The image has a folder there, with init in it.
for program in "$system"/sw/usr/sbin/*; do
  [ -e "/sbin/${program##*/}" ] || busybox ln -s "../usr/sbin/${program##*/}" /sbin/
done

# /etc is filled once; what the image or its user has put there stays.
if [ ! -e /etc/.filled ]; then
  cd "$system/sw/etc"
  busybox find . -type d -exec @busybox@/bin/busybox mkdir -p '/etc/{}' ';'
  busybox find . ! -type d | while read -r file; do
    [ -e "/etc/$file" ] || busybox cp -L "$file" "/etc/$file" 2> /dev/null
  done
  cd /
  [ -e /etc/passwd ] || busybox cat > /etc/passwd <<END
root:x:0:0:root:/root:/bin/bash
messagebus:x:102:102::/nonexistent:/bin/false
nobody:x:65534:65534::/nonexistent:/bin/false
END
  [ -e /etc/group ] || busybox cat > /etc/group <<END
root:x:0:
adm:x:4:
tty:x:5:
utmp:x:43:
shadow:x:42:
systemd-journal:x:101:
messagebus:x:102:
nogroup:x:65534:
END
  [ -e /etc/shadow ] || (umask 077 && echo 'root:!:1::::::' > /etc/shadow)
  # Debian's are made when its packages are installed.
  for type in auth account session password; do
    [ -e "/etc/pam.d/common-$type" ] || echo "$type required pam_unix.so" > "/etc/pam.d/common-$type"
  done
  : > /etc/.filled
fi

# What NixOS's register-nix-paths service does with the seed of the image.
if [ -e /nix-path-registration ]; then
  NIX_CONFIG='build-users-group =' /usr/bin/nix-store --load-db < /nix-path-registration &&
    busybox rm /nix-path-registration
fi

exec /usr/lib/systemd/systemd "$@"
