import type { Topic } from './topic.ts'

const TEXT = `"ls", "cat" and "extract" look into an image without unpacking all of it,
whoever made it: .tar, .tar.xz, .tar.gz, .tar.bz2 or .tar.zst, on disk or on a
web server.

  $ nspawn-rootfs ls -l images/web.tar.xz /etc
  -r--r--r-- 0/0              84 1970-01-01 00:00 etc/os-release
  $ nspawn-rootfs cat https://images.example.org/web.tar.xz /etc/os-release
  ID=nixos
  $ nspawn-rootfs ls images/web.tar.xz '/nix/store/*-nginx-*/bin/*'

PATHS
  Symlinks are followed as in the machine, so /etc/os-release is found in the
  store. Names that a terminal would obey are shown with \\xNN in their place.
  In a pattern, * and ? stand for characters of a name, and ** for any folders.
  -R lists all below a directory, -l shows entries as tar -tv does.

SIZES
  "sizes" shows what takes the space: for each store path its share of the file,
  its bytes in the tar, its closure, and what would leave the image with it.
    $ nspawn-rootfs sizes images/web.tar.xz
    $ nspawn-rootfs sizes images/web.tar.xz --why perl
  A block of the file that holds several store paths is split by their bytes of
  tar. Closures, and what a path adds, are in bytes of NAR, as nix path-info -S
  has them. --all shows all store paths, and --json everything as data.
  --why shows the shortest chain of references from the toplevel, as nix
  why-depends does, and which store paths refer to it. Name a store path by its
  path, its hash or its name, or by the beginning of one of them.
  --html FILE writes a page that needs no network: a treemap, a table to sort
  and search, and what keeps each store path in the image. FILE - prints it.

EXTRACTING
  "extract IMAGE PATH... --to DIR" writes each path, with all that is below it,
  to DIR/PATH; without PATH, the whole image. PATH may be a pattern. DIR is new
  or empty. A new DIR appears when it is complete. If the command fails or is
  interrupted, DIR is as it was.
  Nothing is written outside of DIR: an image with ".." in a path, or an entry
  below a symlink, is refused. Of two entries with one path, the later counts.
  Modes are subject to the umask. Times are set. Owners, set-user-ID bits and
  the like are set with --same-owner, for root only. Devices, pipes and extended
  attributes are left out, and the command says so.
  Hard links stay hard links. If the file of one is not extracted, it becomes a
  copy.
  Sparse files keep their holes.

WHAT IS READ
  A .tar.xz of this tool has many blocks, and the manifest beside it says what
  lies in which. With both, only the blocks that have what you ask for are read:
  from a web server by HTTP ranges. --manifest names another manifest.
  What lies behind the end of an archive is not shown, as by tar, though systemd
  up to 258 unpacks it: check an image of others before you trust a diff of it.
  Without a manifest, all of the image is read once to find a path. A .tar.zst
  is read by its frames; on a server, the manifest or a table at the end of the
  file (the seekable format) has to list them. All else cannot seek, such as
  .tar.gz, .tar.bz2, or a block or frame of more than 32 MiB: it is unpacked
  from its beginning, and the command says so. "sizes" and "sbom" need no more
  than a manifest.
  An image that unpacks to more than 1000 times its size is not read further.
  The check of each block is verified before its bytes are used. Only a listing
  ("ls -R") verifies no checks: it reads the headers of entries, and unpacks no
  contents behind the last header of a block. "check" verifies all of a file.

DIFFERENCES
  "diff OLD NEW" compares packages, the files outside of store paths, and what
  the NixOS system has in /etc, with its units. --markdown is for a comment on a
  pull request. Store paths with the same NAR hash are not read, if both images
  have manifests and can seek. Packages are grouped as "nix store diff-closures"
  does, but changes of size below 8 KiB are listed as well: as "rebuilt".
  --html FILE writes a page that needs no network: packages by change of size, a
  table to sort and search, and the files with what differs in each.

BILL OF MATERIALS
  "sbom IMAGE" prints the store paths with versions, NAR hashes and references,
  as CycloneDX 1.6 or with --format spdx as SPDX 2.3. Of an image with a
  manifest, only the registration is read.
  Names, versions and outputs are found in the names of store paths: foo-1.2-dev
  is the output dev of foo in version 1.2. Without a version, the name is whole.

IN THE API
  import { openImage } from 'nspawn-rootfs/open'
  await using image = await openImage('https://images.example.org/web.tar.xz')
  for await (const bytes of image.contents('/etc/os-release')) …
  It also lists entries and store paths, and verifies NAR hashes. extract(image,
  { to, paths }) extracts.`

export const looking: Topic = {
  name: 'looking',
  summary: 'looking into images: "ls", "cat", "extract", "sizes", "diff"…',
  text: TEXT,
}
