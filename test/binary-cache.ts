import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { lzma, xz } from '@napi-rs/lzma'
import { onTestFinished } from 'vitest'
import type { ClosureSource } from '../src/index.ts'
import { publicKeyOfSeed } from '../src/nix/crypto.ts'
import {
  formatNarInfo,
  type NarInfo,
  narHashFromBytes,
  parseRegistration,
  parseStorePath,
  type SecretKey,
  signPathInfo,
  storePathOfContentAddress,
} from '../src/nix/index.ts'
import { type ChrootStore, storePathOf } from './chroot-store.ts'
import { inside } from './make-tree.ts'
import { narOfTree, type Tree } from './unit/nix/nar-support.ts'

// Proxies are not for the loopback device.
for (const name of Object.keys(process.env)) if (/^(https?|no)_proxy$/i.test(name)) delete process.env[name]

/** The compressions that caches have. */
export const COMPRESSIONS = ['none', 'xz', 'zstd', 'gzip', 'br', 'bzip2', 'lz4', 'lzma', 'lzip'] as const
export type TestCompression = (typeof COMPRESSIONS)[number]

/** Compresses. */
export function compress(bytes: Uint8Array, compression: TestCompression): Uint8Array {
  switch (compression) {
    case 'none':
      return bytes
    case 'xz':
      return xz.compressSync(bytes)
    case 'zstd':
      return zstdCompressSync(bytes)
    case 'gzip':
      return gzipSync(bytes, { level: 1 })
    case 'br':
      return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
    case 'lzma':
      return lzma.compressSync(bytes)
    default:
      return execFileSync(compression, ['-c'], { input: bytes, maxBuffer: Number.POSITIVE_INFINITY, stdio: 'pipe' })
  }
}

/** A key whose seed is the byte repeated. */
export function secretKey(name: string, byte: number): SecretKey {
  return { name, seed: new Uint8Array(32).fill(byte) }
}

/** What signs in test caches, unless they say otherwise. */
export const TEST_KEY = secretKey('cache.test-1', 7)

/** The public key of a secret one, as text. */
export function publicKeyOf(key: SecretKey): string {
  return `${key.name}:${Buffer.from(publicKeyOfSeed(key.seed)).toString('base64')}`
}

/** SHA-256 in the form of a narinfo. */
export function hashOf(bytes: Uint8Array) {
  return narHashFromBytes(createHash('sha256').update(bytes).digest())
}

/** How a NAR is put into a cache. */
export interface PackedOptions {
  readonly references?: readonly string[]
  /** Default: xz. */
  readonly compression?: TestCompression
  /** Changes what is said of the path before it is signed. */
  readonly claim?: (info: NarInfo) => NarInfo
  /** `null`: it is not signed. */
  readonly key?: SecretKey | null
  /** Changes what is said of the path after it was signed. */
  readonly forge?: (info: NarInfo) => NarInfo
  /** Changes the text of the narinfo. */
  readonly text?: (narInfo: string) => string
  /** Changes the compressed file, of which the narinfo still says what is true of the right one. */
  readonly spoil?: (file: Uint8Array) => Uint8Array
}

/** A binary cache in a folder. */
export interface TestCache {
  readonly folder: string
  /** What to give as the source of a spec to read it from the disk. */
  readonly source: Pick<ClosureSource, 'caches' | 'trustedPublicKeys'>
  /** Puts the NAR of a store path into it, and says what is in its narinfo. */
  addNar(path: string, nar: Uint8Array, options?: PackedOptions): NarInfo
  /** Puts a tree into it, and returns its store path. */
  add(name: string, tree: Tree, options?: PackedOptions): string
  /** Puts everything into it that a chroot store has registered. */
  addStore(store: ChrootStore, options?: PackedOptions): void
  /** The file with what it says of a store path. */
  narInfoFile(path: string): string
}

/** Makes an empty binary cache. */
export function createBinaryCache(folder: string, info = 'StoreDir: /nix/store\nPriority: 30\n'): TestCache {
  mkdirSync(join(folder, 'nar'), { recursive: true })
  writeFileSync(join(folder, 'nix-cache-info'), info)
  const same = <T>(value: T): T => value
  const cache: TestCache = {
    folder,
    source: { caches: [pathToFileURL(folder).href], trustedPublicKeys: [publicKeyOf(TEST_KEY)] },
    addNar(path, nar, options = {}) {
      const { references = [], compression = 'xz', key = TEST_KEY } = options
      const { claim = same, forge = same, text = same, spoil = same } = options
      const file = compress(nar, compression)
      const url = narUrl(path, compression)
      const claimed = claim({
        path: parseStorePath(path),
        url,
        compression,
        fileHash: hashOf(file),
        fileSize: file.length,
        narHash: hashOf(nar),
        narSize: nar.length,
        references: references.map(reference => parseStorePath(reference)),
        signatures: [],
      })
      const info = forge({ ...claimed, signatures: key ? [signPathInfo(claimed, key)] : [] })
      writeFileSync(join(folder, url), spoil(file))
      writeFileSync(cache.narInfoFile(path), text(formatNarInfo(info)))
      return info
    },
    add(name, tree, options) {
      const path = storePathOf(name)
      cache.addNar(path, narOfTree(tree), options)
      return path
    },
    addStore(store, options) {
      for (const { path, references } of registeredIn(store)) {
        const nar = narOfTree(treeOnDisk(Buffer.from(store.file(path.path))))
        cache.addNar(path.path, nar, { ...options, references: references.map(reference => reference.path) })
      }
    },
    narInfoFile: path => join(folder, `${parseStorePath(path).digest}.narinfo`),
  }
  return cache
}

/**
 * Makes contents that hold their own store path content-addressed, as `nix store make-content-addressed` does: up to Nix
 * 2.16 with the offsets of the references, from then on without. `treeOf` is given the path.
 */
export function selfAddressed(name: string, treeOf: (path: string) => Tree, withOffsets: boolean) {
  const before = storePathOf(name)
  const nar = Buffer.from(narOfTree(treeOf(before)))
  const { digest } = parseStorePath(before)
  const places: number[] = []
  for (let at = nar.indexOf(digest); at >= 0; at = nar.indexOf(digest, at + 1)) places.push(at)
  for (const at of places) nar.fill(0, at, at + digest.length)
  const offsets = withOffsets ? places.map(at => `|${at}`).join('') : ''
  const hash = createHash('sha256').update(nar).update(offsets).digest()
  const address = { method: 'nar', algorithm: 'sha256', digest: new Uint8Array(hash) } as const
  const path = storePathOfContentAddress(name, address, [], true)!
  for (const at of places) nar.write(path.digest, at)
  return { path: path.path, nar, ca: `fixed:r:sha256:${hash.toString('hex')}` }
}

/** Where a cache has the NAR of a store path. */
export function narUrl(path: string, compression = 'xz'): string {
  return `nar/${parseStorePath(path).digest}.nar${compression === 'none' ? '' : `.${compression}`}`
}

/** What a chroot store has registered. */
function registeredIn({ source }: ChrootStore) {
  return parseRegistration(readFileSync(join(source.closureInfo, 'registration'), 'utf8'))
}

/** The tree that lies somewhere on disk. */
function treeOnDisk(path: Buffer): Tree {
  const info = lstatSync(path)
  if (info.isSymbolicLink()) return { symlink: readlinkSync(path, 'latin1') }
  if (info.isFile()) {
    return { contents: readFileSync(path, 'latin1'), ...((info.mode & 0o100) !== 0 && { executable: true }) }
  }
  const names = readdirSync(path, { encoding: 'latin1' })
  return { children: Object.fromEntries(names.map(name => [name, treeOnDisk(inside(path, name))])) }
}

/** What a server is asked for. */
export interface CacheRequest {
  /** Without the `/` in front. */
  readonly path: string
  /** How many requests for the same path there were before. */
  readonly before: number
  readonly authorization: string | undefined
  readonly userAgent: string | undefined
}

/** Another answer than the file. */
export type Answer = (response: ServerResponse, file: Buffer | undefined, request: IncomingMessage) => void

/** A server of a binary cache on the loopback device, which stops when the test is over. */
export interface CacheServer {
  readonly url: string
  readonly source: Pick<ClosureSource, 'caches' | 'trustedPublicKeys'>
  /** Bends answers: `undefined` gives the file. */
  bend: (request: CacheRequest) => Answer | undefined
  readonly requests: readonly CacheRequest[]
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>
  stop(): Promise<void>
}

/** Serves what is in a folder. */
export async function serveCache(folder: string, bend: CacheServer['bend'] = () => undefined): Promise<CacheServer> {
  const requests: CacheRequest[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    response.on('error', () => {})
    const path = request.url!.slice(1)
    const before = requests.filter(other => other.path === path).length
    const asked = {
      path,
      before,
      authorization: request.headers.authorization,
      userAgent: request.headers['user-agent'],
    }
    requests.push(asked)
    const answer = serving.bend(asked) ?? sendFile
    answer(response, readIfThere(join(folder, path)), request)
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const serving: CacheServer = {
    url,
    source: { caches: [url], trustedPublicKeys: [publicKeyOf(TEST_KEY)] },
    bend,
    requests,
    sockets,
    async stop() {
      if (!server.listening) return
      const closed = once(server.close(), 'close')
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  onTestFinished(serving.stop)
  return serving
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Answers as a static server does. */
export const sendFile: Answer = (response, file, request) => {
  if (!file) {
    response.writeHead(404).end()
    return
  }
  const first = firstByte(request)
  response.writeHead(first > 0 ? 206 : 200, {
    'content-length': file.length - first,
    ...(first > 0 && { 'content-range': `bytes ${first}-${file.length - 1}/${file.length}` }),
  })
  response.end(file.subarray(first))
}

function firstByte(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
}

/** Answers with a status and nothing else. */
export function sendStatus(status: number, headers: Record<string, string> = {}): Answer {
  return response => void response.writeHead(status, headers).end()
}

/** Answers with these bytes. */
export function sendBytes(bytes: Uint8Array | string): Answer {
  return response => void response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
}

/** Breaks the connection without an answer. */
export const reset: Answer = response => void response.socket?.resetAndDestroy()

/** Breaks the connection before this byte of the file. */
export function cutAt(byte: number): Answer {
  return (response, file, request) => {
    const first = firstByte(request)
    response.writeHead(first > 0 ? 206 : 200, {
      'content-length': file!.length - first,
      ...(first > 0 && { 'content-range': `bytes ${first}-${file!.length - 1}/${file!.length}` }),
    })
    if (byte <= first) response.flushHeaders()
    const gone = () => response.destroy()
    if (byte <= first) gone()
    else response.write(file!.subarray(first, byte), gone)
  }
}

/** Sends this byte after byte, without an end or a length. */
export function sendEndless(chunk: Uint8Array): Answer {
  return response => {
    response.writeHead(200)
    const send = () => {
      while (!response.destroyed && response.write(chunk)) {}
    }
    response.on('drain', send)
    send()
  }
}

/** Sends the first bytes of the file, and then nothing more. */
export function stallAt(byte: number): Answer {
  return (response, file) => {
    response.writeHead(200, { 'content-length': file!.length })
    response.write(file!.subarray(0, byte))
  }
}
