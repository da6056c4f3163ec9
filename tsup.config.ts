import { defineConfig, type Options } from 'tsup'

const common: Options = {
  format: 'esm',
  target: 'node22',
  platform: 'node',
  sourcemap: true,
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
      cli: 'src/cli/main.ts',
    },
  },
  // By itself, so that a thread loads nothing that only the main thread needs: it starts in half the time.
  { ...common, entry: { worker: 'src/image/worker.ts' } },
])
