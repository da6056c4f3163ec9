/**
 * Writes the declaration files of the package: one an entry, and one for each room that several entries show. Of a file for
 * each source, most would show what no caller can import, and ten times as much would be packed.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const ENTRIES = ['index', 'nix/index', 'tar/index', 'xz/index', 'open/index', 'report/index']

/** What a caller can do with the entry for threads: import it. */
const WORKER = `/** What the worker threads of a build run. A worker thread that imports it does the jobs of a build. */
export {}
`

const checkout = fileURLToPath(new URL('.', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-types-'))
try {
  const tsc = join(checkout, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', folder], {
    cwd: checkout,
    stdio: 'inherit',
  })
  const bundle = await rolldown({
    input: Object.fromEntries(ENTRIES.map(entry => [nameOf(entry), join(folder, `${entry}.d.ts`)])),
    // Types of other packages stay theirs.
    external: id => !/^[./]/.test(id),
    // The files are there: what would generate them has nothing to do, and need not be the compiler.
    plugins: [dts({ dtsOnly: true, generator: 'oxc', tsconfig: false })],
  })
  await bundle.write({
    dir: join(checkout, 'dist/types'),
    chunkFileNames: ({ moduleIds }) =>
      `shared/${nameOf(relative(folder, moduleIds.at(-1)!).replace(/\.d\.ts$/, ''))}.js`,
  })
  writeFileSync(join(checkout, 'dist/types/worker.d.ts'), WORKER)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The name of a file that shows a module: that of its room. */
function nameOf(module: string): string {
  return module.replace(/\/.*$/, '')
}
