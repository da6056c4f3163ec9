import type { Topic } from './topic.ts'

const TEXT = `"check" says whether systemd imports and boots an image, whoever made it: .tar,
.tar.xz, .tar.gz, .tar.bz2 or .tar.zst. Each build checks its own image by the
same rules.

  $ nspawn-rootfs check layer.tar
  error xattr: usr/bin: has the attribute trusted.overlay.opaque, which systemd
  may not set, not even for root: leave it out (systemd 259 and newer)
  warning xattr: usr/bin: has the attribute trusted.overlay.opaque, which is
  lost: leave it out (systemd up to 258)
  layer.tar: 10.2 kB (none), 10.2 kB of tar, 9 entries, 0 store paths,
  x86_64-linux
  systemd 252 to 258 imports it
  systemd 259 to 262 does not import it, or what it imports is broken

VERSIONS OF SYSTEMD
  By default an image has to fit systemd 252 to 262. --systemd takes one
  version, or "oldest" or "newest" of that range. Then only findings for this
  version are shown and counted.
  --system fails an image that is for another system.
  In the API: checkArchive(image, { systemd: 257, system: 'x86_64-linux' })

RULES
  --rules lists all rules with their reasons and sources.
  Only errors change the exit code: 0 systemd imports the image; 1 it does not,
  or the imported machine is broken; 2 wrong usage. Warnings and notes do not.

UNTRUSTED IMAGES
  Nothing is unpacked to disk. If an image was made to exhaust the checker, the
  check ends with a finding: for example, if it unpacks to more than a thousand
  times its size, or has more than a million paths.

HOW THE RULES ARE TESTED
  The importers of systemd 252, 257 and 262 run on more than 250 images. GNU
  tar, bsdtar, Python, mmdebstrap, pixz and others made them, or they were
  written field by field. "check" must agree with each importer about each
  image.`

export const checking: Topic = {
  name: 'checking',
  summary: 'what "check" checks, and for which systemd',
  text: TEXT,
}
