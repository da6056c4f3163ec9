import type { Topic } from './topic.ts'

const TEXT = `With --store URL, or closure.caches in image.yaml, a closure comes from binary
caches. This needs no Nix on this machine:

  nspawn-rootfs build --store https://cache.example.org \\
    --trusted-public-key cache.example.org-1:… \\
    --toplevel /nix/store/…-nixos-system-web-25.11

Nothing is unpacked to disk. NARs are downloaded, decompressed, hashed and
turned into tar entries as they arrive.

SEVERAL CACHES
  Caches are asked in the order of their priorities. If one lacks a store path,
  the next is asked. The same NARs give the same image, whichever cache they
  come from.
  The command contacts no server that you did not name, with one exception:
  without --store, a store path that is not in the store of this machine comes
  from https://cache.nixos.org.

COMPRESSION
  xz, zstd, gzip, brotli, bzip2, lz4, lzma and lzip are read. The first bytes of
  a file decide, not its name. Content-Encoding is undone.

SIGNATURES
  A store path needs a signature by a trusted key, or a content address that its
  contents prove.
  --trusted-public-key NAME:BASE64   trusts this key (repeatable); default: the
                                     key of cache.nixos.org
  --no-require-signatures            trusts the caches themselves

PRIVATE CACHES
  --netrc-file FILE   user names and passwords, as curl reads them
  --token-file FILE   a bearer token for the servers named with --store
  A token goes to no other server, not even after a redirect.
  Redirects from https to http are refused. So are redirects from a public
  server to this machine or its local network link.

PROXIES AND CERTIFICATES
  See: nspawn-rootfs help environment

WHEN A CACHE MISBEHAVES
  It is busy (429, 503 or reset connections).
    The number of parallel requests is halved and their rate lowered, then both
    rise again. Retry-After is honoured, up to two minutes. After three minutes
    without a success, or if the server asks for a longer wait, the build fails.
  A NAR is missing, damaged or cut off, or its hash is wrong.
    The next cache that has the store path is asked. If there are several
    caches, a NAR is verified before any of it is written, so the image never
    contains a byte of a bad NAR. NARs of more than 8 MiB wait in a file in
    $TMPDIR, else in /var/tmp.
  No cache has the NAR that the first cache names, but another cache has a
  signed build of its own.
    The image is planned again with that build, with a warning. A stream
    continues if the bytes written so far are still right, else it fails.
  All caches fail.
    The error names each cache and the reason.
  A cache keeps failing.
    The other caches are asked first. A server that is no cache is skipped with
    a warning.
  FileHash or FileSize is wrong.
    These fields are unsigned. If the hash of the NAR itself is right, the NAR
    is used, with one warning for the cache. Invalid fields count as absent; so
    does a priority that is no number.
  It allows few connections.
    Downloads that are not needed yet are dropped and continued later.
  A connection breaks.
    The download continues where it stopped. Other faults are retried, up to
    five times in a row.`

export const caches: Topic = {
  name: 'caches',
  summary: 'binary caches: signatures, passwords, faults',
  text: TEXT,
}
