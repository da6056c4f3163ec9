import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Threads load the sources from here. Else each strips the types from all of them, by WebAssembly that calls JavaScript: that
// takes three times as long, and V8 13.6 ends a process now and then in which many threads do so at once (nodejs/node#64500).
process.env.NODE_COMPILE_CACHE ??= here('./node_modules/.cache/node')

const project = (name: string, timeout: number) => ({
  resolve: { alias: [{ find: /^\.\/worker-url\.ts$/, replacement: here('./test/worker-url.ts') }] },
  // Where no cache can be: what a test builds is built, unless it gives a cache.
  test: {
    name,
    env: { XDG_CACHE_HOME: '/dev/null' },
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
  },
})

/** A project that tests the tarball of the package. */
const packed = ({ test, ...rest }: ReturnType<typeof project>) => ({
  ...rest,
  test: { ...test, globalSetup: 'test/package/pack.ts' },
})

// unit: pure code and the library on small trees. conformance: against GNU tar, xz, bsdtar, nix-store.
// package: the packed tarball, used as a stranger would. toolchains: the same by other programs than Node and npm. system: root, systemd-import, systemd-nspawn, real closures.
export default defineConfig({
  test: {
    globalSetup: 'test/global-setup.ts',
    // vitest leaves one processor idle, which on two makes a run twice as long.
    maxWorkers: availableParallelism(),
    projects: [
      project('unit', 120_000),
      project('conformance', 120_000),
      packed(project('package', 300_000)),
      packed(project('toolchains', 300_000)),
      // Two files at a time: each boots machines, and keeps its hosts in memory.
      {
        ...project('system', 1_800_000),
        test: { ...project('system', 1_800_000).test, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
