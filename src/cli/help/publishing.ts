import type { Topic } from './topic.ts'

const TEXT = `"publish" builds images into a folder that a web server serves:

  nspawn-rootfs key generate --out keys        # once
  nspawn-rootfs publish web.yaml db.yaml --out /srv/images --keep 7 \\
    --sign-key keys/secret.asc
  nspawn-rootfs serve /srv/images              # to try it on this machine

VERSIONS
  Each publication is a version: a folder named after the date, such as
  2026-11-25, or after --version-name. The symlink "latest" leads to the newest.
  For each file, a symlink in the folder itself leads through "latest":

    https://example.org/NAME.tar.xz              the newest
    https://example.org/2026-11-25/NAME.tar.xz   one version

  One rename switches all names to a new version, when all its images are
  complete. So "publish" may run every night in the folder that is served.
  If nothing has changed, it makes no version.
  --keep N removes all but the newest N versions.
  .published-versions lists the names of all versions that ever existed, so that
  no name comes back with other contents. Keep this file.

SIGNATURES
  SHA256SUMS lists all images of a version with their settings and manifests.
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

TRYING IT
  "serve" serves a folder over HTTP and prints a pull-tar command for each
  image. It listens on 127.0.0.1 unless --host names another address, and on
  --port 8080.`

export const publishing: Topic = {
  name: 'publishing',
  summary: 'versions, signatures, what importing machines need',
  text: TEXT,
}
