# Builder of one package: its files, and the store paths that it depends on.
mkdir "$out"
dpkg-deb --extract "$deb" "$out"
# A store keeps neither owners nor set-id bits, and Nix wants to be able to write while it makes it so.
chown -hR 0:0 "$out"
chmod -R u+w "$out"
find "$out" -perm /6000 -exec chmod a-s {} +
mkdir "$out/nix-support"
echo "$depends" > "$out/nix-support/depends"
[ -z "$bump" ] || echo "$bump" > "$out/nix-support/bump"
