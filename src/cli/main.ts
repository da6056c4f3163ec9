#!/usr/bin/env node
// Nothing is imported before the version is known: an older Node would stop at a missing module, without a reason.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const supported = major === 22 ? minor >= 20 : major === 24 ? minor >= 12 : major > 24

if (supported) {
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
