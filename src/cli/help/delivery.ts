import type { Topic } from './topic.ts'

const TEXT = `"build" writes these files into the folder of --out:

  NAME.tar.xz          the image. --format makes it tar, tar.gz, or tar.zst,
                       which systemd reads from version 258 on.
  NAME.nspawn          the settings, if there are any.
                       See: nspawn-rootfs help settings
  SHA256SUMS           checksums of these and of the manifest, in the form that
                       every systemd reads. Lines for other existing files are
                       kept.
  SHA256SUMS.gpg       signatures of SHA256SUMS, if a key is given. Signatures
  SHA256SUMS.asc       of an earlier build that no longer match are removed.
  NAME.manifest.json   what the image is made of. See below.

There is no NAME.tar.xz.sha256: systemd 252 to 257 would look for it first and
insist on a signature in it.

THE MANIFEST
  It is JSON, one item a line. It lists:
    artefacts    the image and its settings with their sizes and SHA-256
    storePaths   the store paths with NAR hashes, NAR sizes and references
    segments     where each store path lies in the tar
    blocks       where each block lies in the file and in the tar, and its
                 SHA-256
    framing      the bytes of the file in no block, such as header and index,
                 with their SHA-256
  Blocks and framing are all bytes of the file. So a program can read one store
  path from a server, or take blocks that it has already and fetch the others.
  "nspawn-rootfs schema manifest" prints its JSON schema, which describes every
  field. A stream (--stdout) has no such file; in the API, its result has it.

NAMES
  --name may contain letters, digits, "-", "_" and ".". systemd up to 255 allows
  no "_" in the name of an image, and no systemd allows one in the name of a
  machine. So the printed commands import the image under a name with "-".

ALL FILES OR NONE
  If a build fails or is interrupted, the folder stays as it was.
  If a build is killed, the next build there finishes its delivery. If somebody
  has changed one of the files since, it undoes the delivery instead.
  The image is moved into place before SHA256SUMS. In between, the checksums do
  not match, so nobody who verifies accepts the image.

FOLDERS THAT OTHERS CAN WRITE
  The build removes only what builds of this user have left, and names the files
  of other users. In a sticky folder it replaces none of their files. It signs
  only what this user has built. To sign checksums or settings that you wrote by
  hand, use a folder that only you can write.

STANDARD OUTPUT
  --stdout writes the image to standard output, and no files:

    nspawn-rootfs build --toplevel ./result --stdout |
      ssh host 'machinectl import-tar - nixos'

  Importers do not notice a stream that just ends: systemd 252 accepts a .tar.xz
  that was cut between two blocks. So a build that fails here ends its output
  with bytes that are no image in any format. Check the exit code all the same
  (set -o pipefail): after a lost connection, nothing can be added.

COMPRESSION
  --level 0 to 9 trades time for size; the default is 6. --workers sets the
  number of threads; the default is one per processor. The number of threads
  does not change the image.
  --arm64-branches makes a .tar.xz for aarch64 a few per cent smaller (4.3 % for
  programs of Debian). It is off by default, because hosts with an xz older than
  5.4 (2022) cannot import the image: Debian 11, Ubuntu 22.04, RHEL 9.
  systemd-import then says "Failed to decode and write: Input/output error".
  "check" warns of such images (rule xz-filter).

SIGNING
  --sign-key FILE          signs with an OpenPGP secret key, such as one of
                           "nspawn-rootfs key generate"
  --passphrase-file FILE   holds the passphrase of that key
  --sign-gpg KEY           lets gpg sign with a key that it knows
  With --sign-key, the same checksums give the same signature, because it bears
  the date of the key. So if you change from --sign-gpg to --sign-key, "pull"
  takes the next image of "build" for an older one, and needs --allow-downgrade
  once. A new version of "publish" is newer by its name.

RESULT
  --json prints the result as one line of JSON. With --stdout it goes to
  standard error.`

export const delivery: Topic = {
  name: 'delivery',
  summary: 'the files of a build, formats, streams, signatures',
  text: TEXT,
}
