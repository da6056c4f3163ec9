#!/usr/bin/env node
// Nothing is imported before the version is known: an older Node would stop at a missing module, with no word why.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const supported = major === 22 ? minor >= 20 : major === 24 ? minor >= 12 : major > 24

if (supported) {
  // The native library of xz gives freed memory back at once if it finds this when it is loaded, here or in a thread; else
  // its allocator (mimalloc) keeps it for every thread: 0.5 GB instead of 0.6 to unpack NARs in two threads. It asks the
  // process, so the environment of a thread would not do; and a process that is not ours is not for us to change.
  process.env.MIMALLOC_PURGE_DELAY ??= '0'
  const { run } = await import('./run.ts')
  process.exitCode = await run(process.argv.slice(2))
} else {
  process.stderr.write(
    `nspawn-rootfs: needs Node ^22.20, ^24.12 or >=25, this is ${process.versions.node}; ` +
      "to run it with another one: npx -y -p node@24 -p nspawn-rootfs -c 'nspawn-rootfs …'\n",
  )
  process.exitCode = 1
}

export {}
