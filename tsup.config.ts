import { fileURLToPath } from 'node:url'
import { defineConfig, type Options } from 'tsup'

/** How all of them are made. */
export const common: Options = {
  format: 'esm',
  target: 'node22',
  platform: 'node',
  // The code is not minified, so that stacks can be read without maps; those would be two thirds of the package.
  sourcemap: false,
  // JavaScript only; tsc writes the types (tsconfig.build.json), since tsup's own step for them lags behind TypeScript.
  dts: false,
  // node:sqlite has no other name.
  removeNodeProtocol: false,
}

export default defineConfig([
  {
    ...common,
    entry: {
      index: 'src/index.ts',
      nix: 'src/nix/index.ts',
      tar: 'src/tar/index.ts',
      xz: 'src/xz/index.ts',
      open: 'src/open/index.ts',
      report: 'src/report/index.ts',
      cli: 'src/cli/main.ts',
    },
  },
  // Without Node: what needs it has a stand-in.
  {
    ...common,
    entry: { 'nix-portable': 'src/nix/index.ts' },
    platform: 'neutral',
    esbuildPlugins: [
      {
        name: 'crypto-portable',
        setup(build) {
          const path = fileURLToPath(new URL('./src/nix/crypto-portable.ts', import.meta.url))
          build.onResolve({ filter: /^\.\/crypto\.ts$/ }, () => ({ path }))
        },
      },
    ],
  },
  // By itself, so that a thread loads nothing that only the main thread needs: it starts in half the time.
  { ...common, entry: { worker: 'src/produce/worker.ts' } },
])
