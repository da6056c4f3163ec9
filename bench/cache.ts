/**
 * Measures how long a tar from a binary cache takes, in one run:
 *
 *     npm run bench:cache -- TOPLEVEL CACHE [--rounds N]
 *
 * CACHE is the folder of a binary cache that holds the closure of TOPLEVEL, such as one made by
 * `nix copy --to 'file:///CACHE?compression=xz' TOPLEVEL`. The peer is what one does with Nix: `nix copy` into an empty
 * chroot store, then GNU tar. And of the NARs in it, how long the two decoders of xz take that the library uses.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { xz } from '@napi-rs/lzma'
import xzDecompress from 'xz-decompress'
import { measure, median, type Run, shellWords } from '../src/bench/measure.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' } },
})
const [toplevel, cache] = positionals
if (toplevel === undefined || cache === undefined) throw new Error('give the toplevel and the folder of a cache')
const rounds = Number(values.rounds)
const url = pathToFileURL(resolve(cache)).href
const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-bench-'))
try {
  await benchBuild()
  await benchDecoders()
} finally {
  // Store paths are read-only, folders included.
  execFileSync('chmod', ['-R', 'u+w', folder])
  rmSync(folder, { recursive: true, force: true })
}

async function benchBuild(): Promise<void> {
  const flags = '--hard-dereference --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner'
  const nix = 'nix --extra-experimental-features nix-command copy --no-check-sigs'
  const ours = [resolve(import.meta.dirname, '../dist/cli.js'), 'build', '--toplevel', toplevel, '--format', 'tar']
  const source = ['--store', url, '--no-require-signatures', '--stdout']
  const contenders = [
    {
      name: 'nix copy --from CACHE into a store, GNU tar | cat >/dev/null',
      command:
        `store=$(mktemp -d ${folder}/store.XXXXXX) && ${nix} --from ${url} --to $store ${toplevel} && ` +
        `cd $store && LC_ALL=C tar ${flags} -c nix/store | cat >/dev/null`,
    },
    {
      name: 'nspawn-rootfs build --store CACHE --format tar | cat >/dev/null',
      command: `${shellWords([process.execPath, ...ours, ...source])} | cat >/dev/null`,
    },
  ]
  console.log(`\ntar from a cache: median of ${rounds}, in turn; ratio to the first line, run by run`)
  const all = contenders.map((): Run[] => [])
  // The first round does not count.
  for (let round = -1; round < rounds; round++) {
    for (const [i, { command }] of contenders.entries()) {
      const run = await measure(command)
      if (round >= 0) all[i].push(run)
    }
  }
  for (const [i, runs] of all.entries()) {
    const seconds = median(runs.map(run => run.seconds))
    const ratio = median(runs.map((run, round) => run.seconds / all[0][round].seconds))
    const peak = Math.max(...runs.map(run => run.peakBytes)) / 1e6
    const figures = `${seconds.toFixed(2)} s, ratio ${ratio.toFixed(2)}, peak ${peak.toFixed(0)} MB`
    console.log(`${contenders[i].name.padEnd(65)} ${figures}`)
  }
}

async function benchDecoders(): Promise<void> {
  const names = readdirSync(join(cache, 'nar')).filter(name => name.endsWith('.nar.xz'))
  const files = names.map(name => new Uint8Array(readFileSync(join(cache, 'nar', name)))).slice(0, 100)
  if (files.length === 0) return
  console.log(`\n${files.length} files .nar.xz, one thread: median of ${rounds}, in turn`)
  const decoders: Record<string, (file: Uint8Array) => Promise<number>> = {
    'one call of @napi-rs/lzma': async file => xz.decompressSync(file).length,
    'stream of xz-decompress': async file => {
      let size = 0
      const source = ReadableStream.from([file]) as ReadableStream<Uint8Array>
      for await (const chunk of new xzDecompress.XzReadableStream(source) as unknown as AsyncIterable<Uint8Array>) {
        size += chunk.length
      }
      return size
    },
  }
  const times = Object.keys(decoders).map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, decode] of Object.values(decoders).entries()) {
      const started = performance.now()
      let size = 0
      for (const file of files) size += await decode(file)
      times[i].push(size / 1e6 / ((performance.now() - started) / 1000))
    }
  }
  for (const [i, name] of Object.keys(decoders).entries()) {
    console.log(`${name.padEnd(65)} ${median(times[i]).toFixed(0)} MB/s`)
  }
}
