# Builder of the toplevel: what a NixOS system has (init, etc/os-release, system, sw), with sw a farm of links into all
# packages, where /bin, /sbin, /lib and /lib64 are one with their namesakes in /usr.
mkdir -p "$out/etc" "$out/sw/usr" "$out/sw/etc"
for package in $packages; do
  for folder in bin sbin lib lib64; do
    [ -d "$package/$folder" ] || continue
    mkdir -p "$out/sw/usr/$folder"
    cp --recursive --symbolic-link --no-clobber "$package/$folder/." "$out/sw/usr/$folder/"
  done
  for folder in usr etc; do
    [ -d "$package/$folder" ] || continue
    cp --recursive --symbolic-link --no-clobber "$package/$folder/." "$out/sw/$folder/"
  done
done

cat > "$out/etc/os-release" <<END
ID=nixos
NAME=NixOS
PRETTY_NAME="NixOS, made of Debian packages"
VERSION_ID="24.05"
END
printf %s "$hostSystem" > "$out/system"

sed -e "s|@busybox@|$busybox|g" -e "s|@system@|$out|g" "$init" > "$out/init"
chmod +x "$out/init"
