/**
 * Compiles the LZMA2 encoder (src/xz/lzma2/assembly) to WebAssembly, and writes it as a TypeScript module, so that it
 * comes along wherever the sources are run, packed or bundled. Does nothing if the module is newer than its sources.
 */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const folder = fileURLToPath(new URL('./src/xz/lzma2/', import.meta.url))
const sources = join(folder, 'assembly')
const target = join(folder, 'wasm.generated.ts')

/** Makes the module if it is missing or older than its sources. */
export async function buildWasm(): Promise<void> {
  const inputs = readdirSync(sources).map(name => join(sources, name))
  const newest = Math.max(...[...inputs, fileURLToPath(import.meta.url)].map(file => statSync(file).mtimeMs))
  if (existsSync(target) && statSync(target).mtimeMs > newest) return

  let wasm: Uint8Array | undefined
  const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort=']
  const { error, stderr } = await main(['index.ts', '--baseDir', sources, '--outFile', 'encoder.wasm', ...options], {
    writeFile: (_name, contents) => {
      wasm = contents as Uint8Array
    },
  })
  if (error || !wasm) throw new Error(`the encoder does not compile: ${error?.message}\n${stderr}`)
  const text = Buffer.from(wasm).toString('base64')
  writeFileSync(target, `/** Made by wasm.config.ts from assembly/. */\nexport const WASM: string =\n  '${text}'\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWasm()
