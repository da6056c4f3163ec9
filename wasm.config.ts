/**
 * Compiles what is in AssemblyScript (src/xz/…/assembly) to WebAssembly, and writes each as a TypeScript module, so that it
 * comes along wherever the sources are run, packed or bundled. Leaves modules that are newer than the sources.
 */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const MODULES = [
  { folder: 'lzma2', name: 'encoder' },
  { folder: 'lzma2', name: 'decoder' },
  { folder: 'crc64', name: 'crc64' },
]
const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--enable', 'simd']

/** Makes the modules that are missing or older than their sources. */
export async function buildWasm(): Promise<void> {
  for (const { folder: room, name } of MODULES) {
    const folder = fileURLToPath(new URL(`./src/xz/${room}/`, import.meta.url))
    const sources = join(folder, 'assembly')
    const inputs = readdirSync(sources).map(file => join(sources, file))
    const newest = Math.max(...[...inputs, fileURLToPath(import.meta.url)].map(file => statSync(file).mtimeMs))
    const target = join(folder, `${name}-wasm.generated.ts`)
    if (existsSync(target) && statSync(target).mtimeMs > newest) continue
    const text = Buffer.from(await compile(sources, name)).toString('base64')
    writeFileSync(
      target,
      `/** Made by wasm.config.ts from assembly/${name}.ts. */\nexport const WASM: string =\n  '${text}'\n`,
    )
  }
}

async function compile(sources: string, name: string): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined
  const { error, stderr } = await main([`${name}.ts`, '--baseDir', sources, '--outFile', `${name}.wasm`, ...options], {
    writeFile: (_name, contents) => {
      wasm = contents as Uint8Array
    },
  })
  if (error || !wasm) throw new Error(`${name}.ts does not compile: ${error?.message}\n${stderr}`)
  return wasm
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWasm()
