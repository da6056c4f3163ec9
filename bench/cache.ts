/**
 * Measures builds from binary caches beside Nix, and how they go when a cache misbehaves, all in one run:
 *
 *     npm run bench:cache -- [--rounds N] [--runs N]
 *
 * The closures are those of the system tests, and so is Nix: that of Debian sid, in a root directory of its own. It runs as
 * root, for it makes that directory. The caches are served by nginx on this machine.
 */
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { xz } from '@napi-rs/lzma'
import xzDecompress from 'xz-decompress'
import { measure, median, type Run } from '../src/bench/measure.ts'
import { shellLine } from '../src/shell-word.ts'
import { createXzDecoder } from '../src/xz/index.ts'
import { copyToCache, createKey } from '../test/system/support/binary-cache.ts'
import { closureOf } from '../test/system/support/closures.ts'
import { startNginx } from '../test/system/support/nginx.ts'
import { createNixMachine } from '../test/system/support/nix-versions.ts'
import { createScratch } from '../test/system/support/scratch.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, runs: { type: 'string', default: '50' } },
})
const rounds = Number(values.rounds)
const runs = Number(values.runs)

/** What makes GNU tar write a tar that depends on the files alone. */
const TAR = '--hard-dereference --format=gnu --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner'

const scratch = createScratch()
try {
  const caches = scratch.make('caches')
  const nix = await createNixMachine(scratch, 'sid')
  const [small, large] = [await closureOf('small'), await closureOf('large')]
  const key = await createKey(join(scratch.folder, 'key'), 'bench-1')
  await copyToCache(small.toplevel, join(caches, 'small'), { compression: 'xz', key })
  await copyToCache(large.toplevel, join(caches, 'large'), { compression: 'zstd', level: 1, key })
  const flags = ['--extra-experimental-features', 'nix-command', 'copy', '--no-check-sigs']
  const store = scratch.make('store')
  const clear = `rm -rf ${store}/*`
  const nixCopy = (url: string, path: string) =>
    shellLine([...nix.command('root', {}), 'nix', ...flags, '--from', url, '--to', store, path])

  const plain = await startNginx(caches, scratch.make('nginx'))
  await compare('tar of the small closure, from a cache compressed with xz', clear, [
    [
      'Nix: nix copy into an empty store, then GNU tar | cat >/dev/null',
      `${nixCopy(`${plain.url}/small`, small.toplevel)} && tar -C ${store} ${TAR} -c nix/store | cat >/dev/null`,
    ],
    ['nspawn-rootfs build --format tar | cat >/dev/null', ours(`${plain.url}/small`, small.toplevel)],
  ])
  await plain.stop()

  const limited = await startNginx(caches, scratch.make('nginx'), {
    http: 'limit_req_zone $server_port zone=all:1m rate=50r/s;',
    location: 'limit_req zone=all burst=20;',
  })
  await compare(
    `the ${large.paths.length} store paths of the large closure, at most 50 requests a second, burst 20`,
    clear,
    [
      ['Nix: nix copy into an empty store', nixCopy(`${limited.url}/large`, large.toplevel)],
      ['nspawn-rootfs build --format tar | cat >/dev/null', ours(`${limited.url}/large`, large.toplevel)],
    ],
  )
  await limited.stop()

  await benchFaults(join(caches, 'small'), small.toplevel, key.publicKey)
  await benchDecoders(join(caches, 'small'))
} finally {
  scratch.remove()
}

function ours(url: string, toplevel: string, ...more: string[]): string {
  const cli = [process.execPath, resolve(import.meta.dirname, '../dist/cli.js')]
  const source = ['--store', url, ...more.flatMap(other => ['--store', other]), '--no-require-signatures']
  const args = ['build', '--toplevel', toplevel, ...source, '--format', 'tar', '--stdout']
  return `${shellLine([...cli, ...args])} 2>/dev/null | cat >/dev/null`
}

/** Commands in turn, the first of them the measure of the others. What `clear` does is not measured. */
async function compare(
  what: string,
  clear: string,
  contenders: readonly (readonly [name: string, command: string])[],
): Promise<void> {
  console.log(`\n${what}: median of ${rounds}, in turn; ratio to the first line, run by run`)
  const all = contenders.map((): Run[] => [])
  // The first round does not count.
  for (let round = -1; round < rounds; round++) {
    for (const [i, [, command]] of contenders.entries()) {
      await measure(clear)
      const run = await measure(command)
      if (round >= 0) all[i]!.push(run)
    }
  }
  for (const [i, measured] of all.entries()) {
    const seconds = median(measured.map(run => run.seconds))
    const ratio = median(measured.map((run, round) => run.seconds / all[0]![round]!.seconds))
    const peak = Math.max(...measured.map(run => run.peakBytes)) / 1e6
    console.log(
      `${contenders[i]![0].padEnd(65)} ${seconds.toFixed(2)} s, ratio ${ratio.toFixed(2)}, peak ${peak.toFixed(0)} MB`,
    )
  }
}

/** Builds from a cache that fails at random, with a good one behind it, and counts the images that are as they should be. */
async function benchFaults(cache: string, toplevel: string, publicKey: string): Promise<void> {
  const { build } = await import('../src/index.ts')
  const digestOf = async (caches: string[]) => {
    const hash = createHash('sha256')
    const source = { caches, trustedPublicKeys: [publicKey], stallTimeout: 1000 }
    for await (const chunk of build({ toplevel, source, format: 'tar' }, { cache: false }).stream()) hash.update(chunk)
    return hash.digest('hex')
  }
  const good = await startNginx(cache, scratch.make('nginx'))
  const expected = await digestOf([good.url])
  let [same, faults] = [0, 0]
  const started = performance.now()
  for (let run = 0; run < runs; run++) {
    const faulty = await startFaulty(cache, run, () => faults++)
    try {
      if ((await digestOf([`${faulty.url}?priority=1`, `${good.url}?priority=2`])) === expected) same++
      else console.log(`run ${run}: another image`)
    } catch (error) {
      console.log(`run ${run}: ${(error as Error).message}`)
    }
    await faulty.stop()
  }
  await good.stop()
  const seconds = ((performance.now() - started) / 1000 / runs).toFixed(1)
  console.log(`\na cache that drops, refuses, stalls, cuts or damages every fifth answer, and a good one behind it`)
  console.log(`${same} of ${runs} images are those of the good one; ${faults} faults, ${seconds} s for an image`)
}

/** Serves a folder, but for a fifth of the answers, drawn by `seed`. */
async function startFaulty(folder: string, seed: number, onFault: () => void) {
  let count = 0
  const server = createServer((request, response) => {
    const drawn = createHash('sha256').update(`${seed} ${count++}`).digest()
    const path = join(folder, new URL(request.url!, 'http://localhost').pathname)
    const size = statSync(path, { throwIfNoEntry: false })?.size
    const fault = drawn.readUInt32BE() < 0.2 * 2 ** 32 && size !== undefined
    if (fault) onFault()
    answer(request, response, {
      path,
      size,
      fault: fault ? drawn[4]! % 5 : undefined,
      at: drawn.readUInt32BE(5) / 2 ** 32,
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Served {
  readonly path: string
  /** `undefined`: there is no such file. */
  readonly size: number | undefined
  /** 0 to 4: drops, refuses, stalls, cuts, damages. */
  readonly fault: number | undefined
  /** Where, as a share of the file. */
  readonly at: number
}

function answer(request: IncomingMessage, response: ServerResponse, { path, size, fault, at }: Served): void {
  if (fault === 0) return void request.socket.resetAndDestroy()
  if (size === undefined) return void response.writeHead(404).end()
  if (fault === 1) return void response.writeHead([500, 502, 503, 504][Math.floor(at * 4)]!).end()
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': size - from,
    ...(from > 0 && { 'content-range': `bytes ${from}-${size - 1}/${size}` }),
  })
  const place = Math.min(size - 1, from + Math.floor(at * (size - from)))
  if (fault === undefined) return void createReadStream(path, { start: from }).pipe(response)
  if (fault === 4) {
    const bytes = readFileSync(path)
    bytes[place]! ^= 0x10
    return void response.end(bytes.subarray(from))
  }
  createReadStream(path, { start: from, end: place })
    .on('end', () => fault === 3 && response.destroy())
    .pipe(response, { end: false })
}

async function benchDecoders(cache: string): Promise<void> {
  const names = readdirSync(join(cache, 'nar')).filter(name => name.endsWith('.nar.xz'))
  const files = names.map(name => new Uint8Array(readFileSync(join(cache, 'nar', name)))).slice(0, 100)
  if (files.length === 0) return
  console.log(`\n${files.length} files .nar.xz, one thread: median of ${rounds}, in turn`)
  const decoders: Record<string, (file: Uint8Array) => Promise<number>> = {
    'nspawn-rootfs/xz': async file => {
      const decoder = createXzDecoder()
      let size = 0
      for (const piece of decoder.push(file)) size += piece.length
      decoder.end()
      decoder.close()
      return size
    },
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
      times[i]!.push(size / 1e6 / ((performance.now() - started) / 1000))
    }
  }
  for (const [i, name] of Object.keys(decoders).entries()) {
    console.log(`${name.padEnd(65)} ${median(times[i]!).toFixed(0)} MB/s`)
  }
}
