import { defineConfig } from 'tsup'

// JavaScript only; tsc writes the types (tsconfig.build.json), since tsup's own dts step lags behind TypeScript.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    nix: 'src/nix/index.ts',
    tar: 'src/tar/index.ts',
    xz: 'src/xz/index.ts',
    cli: 'src/cli/main.ts',
    worker: 'src/image/worker.ts',
  },
  format: 'esm',
  target: 'node22',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  clean: true,
  dts: false,
  // node:sqlite has no other name.
  removeNodeProtocol: false,
})
