import type { Topic } from './topic.ts'

const TEXT = `A build keeps its compressed blocks, so the next build compresses only what has
changed. The image is the same, byte for byte, with and without the cache.

WHERE AND HOW MUCH
  The cache is nspawn-rootfs in $XDG_CACHE_HOME, else in ~/.cache.
  --cache-dir DIR moves it, for example to a folder that a CI keeps.
  --no-cache neither reads nor writes it.
  At 10 GB, the blocks that were not used for longest are removed.

    nspawn-rootfs cache stats
    nspawn-rootfs cache prune --max-size 5GB
    nspawn-rootfs cache clear

WHAT IS SAVED
  A block belongs to one store path, or to a few small ones. If its store paths
  are unchanged, they are not read, hashed or compressed. With a binary cache
  they are not even downloaded. The build still reads and verifies the paths
  that define the image, such as the toplevel.
  tar.xz, tar.gz and tar.zst are cached. A plain tar is always made anew.
  Several builds may use one cache at a time.

TRUST
  A block was verified against its NAR hash before it was stored. When it is
  used, its own digest is checked; a damaged block is made again.
  If a store path is damaged on disk after its blocks were cached, the build
  does not notice; the image is unaffected.
  --cache-verify unpacks the blocks and compares them with the NAR hashes again.
  The summary says how much was verified now and how much the cache vouches for.

  Whoever can write the cache can change your images. So the build refuses a
  cache that other users can write. --cache-shared accepts it all the same.`

export const blockCache: Topic = {
  name: 'block-cache',
  summary: 'compressed blocks that builds keep',
  text: TEXT,
}
