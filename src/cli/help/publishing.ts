import type { Topic } from './topic.ts'

const TEXT = `"publish" builds images into a folder that a web server serves:

  nspawn-rootfs key generate --out keys        # once
  nspawn-rootfs publish web.yaml db.yaml --out /srv/images --keep 7 \\
    --sign-key keys/secret.asc
  nspawn-rootfs serve /srv/images              # to try it on this machine

VERSIONS
  Each publication is a version. Its name is the date in UTC, 2026-11-25, then
  2026-11-25.2 on the same day, or what --version-name gives. All files of all
  versions lie in one folder:

    https://example.org/NAME.tar.xz              the newest
    https://example.org/NAME_2026-11-25.tar.xz   one version

  The first name is a symlink. One rename switches all symlinks to a new
  version, when all its images are complete. So "publish" may run every night in
  the folder that is served. If the images have not changed, it makes no
  version, unless --version-name gives a new name.

  A version must be newer than all before, or no machine would update to it:
  systemd compares the parts of a name as numbers or letters. 1.10 is newer than
  1.9, and 1.9.1 newer than 1.9. To take a version back, publish the older
  images again, as a new version. If the newest version is newer than today's
  date, the next one gets its name with a number at the end, and a warning says
  so.

  Publish all images of a folder together, with the same options each time.
  What the last publication had, and this one has not, loses its lasting name,
  and a warning says so: an image, the signatures without a key, the .transfer
  files without --url.

  --keep N removes all but the newest N versions of the folder, not of each
  image. If the last version with an image goes, a warning says so.

  "publish" needs a folder of its own: "build" refuses a folder that has
  published images, and "publish" replaces no file that it has not made.

  Everybody may read the published files, whatever the umask, because a web
  server runs as another user. The folder itself keeps its mode. If it is new,
  the umask decides.

SIGNATURES
  SHA256SUMS lists all images of all versions with their settings and manifests.
  SHA256SUMS.gpg and SHA256SUMS.asc sign it; together they serve systemd 252 and
  newer.
  Without a key, whoever imports must say --verify=checksum.

THE MACHINE THAT IMPORTS
  Once, add your public key to the keys that systemd trusts:

    sudo cp -n /usr/lib/systemd/import-pubring.* /etc/systemd/import-pubring.gpg
    sudo gpg --no-default-keyring --keyring /etc/systemd/import-pubring.gpg \\
      --import public.asc

  The first command keeps the keys of the distribution. Its keyring ends in .gpg
  up to systemd 257 and in .pgp from 258 on; the copy has the one name that all
  read. If /etc/systemd/import-pubring.pgp exists, systemd 258 and newer read
  only that file: import the key there, too.

  Then, for each image:

    sudo machinectl pull-tar https://images.example.org/web.tar.xz web
    sudo machinectl start web

UPDATES BY SYSTEMD-SYSUPDATE
  With --url, the URL of the folder, "publish" also writes a NAME.transfer for
  each image. On a host with systemd 257 or newer that trusts your key, this
  starts the machine "web", and later updates it:

    sudo mkdir -p /etc/sysupdate.web.d && cd /etc/sysupdate.web.d
    sudo curl -fO https://images.example.org/web.transfer
    sudo /usr/lib/systemd/systemd-sysupdate --component=web update
    sudo systemctl restart systemd-nspawn@web

  Each version becomes a tree of its own, /var/lib/machines/web_VERSION, and
  /var/lib/machines/web a symlink to the newest. The newest two trees stay;
  others whose names begin with "web_" go. Restart the machine after each update
  and before the next one, which removes the tree of the version before.
  To go back, stop the machine and lead the symlink to the other tree.

  A new tree has nothing of the old one: no /var, no passwords, no changes in
  /etc, another machine ID. Keep state in folders of the host: make the folder,
  and add a line to /etc/systemd/nspawn/web.nspawn:

    [Files]
    Bind=/srv/web:/var/lib/web:idmap

  systemd-sysupdate fetches the image only. Install its settings by hand.

A MAIL ABOUT CHANGES
  With --json, isNew tells whether there is a new version, and previous names
  the one before. --keep 2 or more leaves that for the comparison:

    result=$(nspawn-rootfs publish web.yaml --out site --keep 7 --json)
    old=$(printf %s "$result" | jq -r 'select(.isNew).previous // empty')
    if [ -n "$old" ]; then
      nspawn-rootfs diff --markdown "site/web_$old.tar.xz" site/web.tar.xz |
        mail -s 'web has changed' ops@example.org
    fi

BACKUPS
  Copy the folder with its symlinks and hidden files, as this does:

    rsync -a site/ backup/

  Into a copy without symlinks, "publish" cannot publish.

TRYING IT
  "serve" serves a folder over HTTP and prints a pull-tar command for each
  image. It listens on 127.0.0.1 unless --host names another address, and on
  --port 8080.`

export const publishing: Topic = {
  name: 'publishing',
  summary: 'versions, signatures, what importing machines need',
  text: TEXT,
}
