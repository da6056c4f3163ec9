import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, FORMATS } from '../../../src/index.ts'
import { createBinaryCache, serveCache } from '../../binary-cache.ts'
import { MAIN, runCommand } from '../../command.ts'
import { bulk, createNixosStore, type NixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
let out = ''
let store: NixosStore
let args: string[] = []
beforeEach(() => {
  folder = temporaryFolder()
  out = join(folder, 'out')
  store = createNixosStore(folder)
  const { store: root, closureInfo } = store.source
  args = ['build', '--toplevel', store.toplevel, '--store', root, '--closure-info', closureInfo]
})
const withOut = (...more: string[]) => [...args, '--out', out, ...more]
const FILES = ['SHA256SUMS', 'nixos-system-x86_64-linux.manifest.json', 'nixos-system-x86_64-linux.tar.xz']

describe('nspawn-rootfs build', () => {
  it('builds into the folder, and says what it built', async () => {
    const { code, stdout, stderr } = await runCommand(withOut('--level', '0', '--workers', '2'))
    expect(code).toBe(0)
    expect(readdirSync(out).sort()).toEqual(FILES)
    expect(stdout.toString()).toMatch(/^4 store paths, .* verified/)
    expect(stdout.toString()).toMatch(/^machinectl start nixos-system-x86-64-linux$/m)
    // Progress is shown of what takes long.
    expect(stderr).not.toContain('%')
  })

  it('names files from the root on where it runs in the root, as in a unit', async () => {
    const { stdout } = await runCommand(withOut('--level', '0'), { cwd: '/' })
    expect(stdout.toString()).toContain(`\n${join(out, FILES[2]!)}`)
  })

  it('gives the token to servers only', async () => {
    const cache = createBinaryCache(join(folder, 'cache'))
    const path = cache.add('path', { contents: 'x' })
    const server = await serveCache(cache.folder)
    const token = join(folder, 'token')
    writeFileSync(token, 'secret\n')
    const stores = [...cache.source.caches!, server.url].flatMap(url => ['--store', url])
    const options = ['--no-require-signatures', '--token-file', token, '--format', 'tar', '--name', 'x', '--out', out]
    const { code, stderr } = await runCommand(['build', '--root', path, ...stores, ...options])
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(server.requests[0]!.authorization).toBe('Bearer secret')
  })

  it('builds into the folder that one is in, and tells paths from there', async () => {
    mkdirSync(out)
    const { code, stdout } = await runCommand([...args, '--format', 'tar'], { cwd: out })
    expect(code).toBe(0)
    expect(stdout.toString()).toMatch(/^nixos-system-x86_64-linux\.tar$/m)
  })

  it('prints one line of JSON when asked, and nothing else', async () => {
    const { stdout } = await runCommand(withOut('--level', '0', '--json', '--name', 'my'))
    const lines = stdout.toString().split('\n')
    expect(lines).toEqual([expect.anything(), ''])
    const result = JSON.parse(lines[0]!)
    expect(result).toMatchObject({ name: 'my', format: 'tar.xz', storePathCount: 4, image: join(out, 'my.tar.xz') })
    expect(result.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(result).not.toHaveProperty('manifest')
  })

  it('writes the image to standard output and the rest to the other one', async () => {
    const { code, stdout, stderr } = await runCommand([...args, '--stdout', '--format', 'tar'], { cwd: folder })
    const chunks: Uint8Array[] = []
    for await (const chunk of build({ source: store.source, toplevel: store.toplevel, format: 'tar' }).stream()) {
      chunks.push(chunk)
    }
    expect(code).toBe(0)
    expect(stdout.equals(Buffer.concat(chunks))).toBe(true)
    expect(stderr).toMatch(/^4 store paths/m)
    expect(readdirSync(folder).sort()).toEqual(['info', 'root'])
  })

  it('delivers settings', async () => {
    const { code } = await runCommand(
      withOut('--format', 'tar', '--nspawn', join(store.source.closureInfo, 'store-paths')),
    )
    expect(code).toBe(0)
    expect(readdirSync(out)).toContain('nixos-system-x86_64-linux.nspawn')
  })
})

describe('a failure ends with 1, in one line', () => {
  it.each<[string, () => string[], RegExp]>([
    ['a root that is nowhere', () => withOut('--root', './nowhere'), /^nspawn-rootfs: \/.*\/nowhere: not in the store/],
    ['a closure that is nowhere', () => withOut('--closure-info', '/nowhere'), /nowhere\/registration: cannot be read/],
  ])('%s', async (_, failing, message) => {
    const { code, stdout, stderr } = await runCommand(failing())
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' })
    expect(readdirSync(folder)).not.toContain('out')
  })

  it.each(FORMATS)(
    'spoils what it wrote of a %s to standard output, so that nobody takes it for whole',
    async format => {
      const data = store.add('large', bulk(20))
      rmSync(store.file(data), { recursive: true })
      writeFileSync(store.file(data), 'damaged')
      const { code, stdout, stderr } = await runCommand([...args, '--stdout', '--format', format])
      expect(stderr).toMatch(/do not match its NAR hash/)
      expect(code).toBe(1)
      expect(stdout.subarray(-4096).every(byte => byte === 0xff)).toBe(true)
    },
  )

  it('is none where only standard error is closed', async () => {
    const child = spawn('/bin/sh', [
      '-c',
      '"$@" 2>&1 >/dev/null | head -n 0',
      'sh',
      process.execPath,
      MAIN,
      ...withOut(),
    ])
    await once(child, 'close')
    expect(readdirSync(out).sort()).toEqual(FILES)
  })

  it('a reader that goes away', async () => {
    store.add('large', bulk(20))
    const child = spawn(process.execPath, [MAIN, ...args, '--stdout', '--format', 'tar'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stderr: Buffer[] = []
    child.stderr.on('data', chunk => stderr.push(chunk))
    child.stdout.once('data', () => child.stdout.destroy())
    const [code] = await once(child, 'close')
    const said = Buffer.concat(stderr)
      .toString()
      .replace(/^\d+%.*\n/gm, '')
    expect(said).not.toMatch(/node:events|\n\s+at |Unhandled/)
    expect(said).toMatch(/^nspawn-rootfs: .*\n$/)
    expect(code).toBe(1)
  })
})

describe('a build that is stopped in the middle', () => {
  /** Starts a build and sends it a signal as soon as it has begun to write. */
  async function stopped(signal: NodeJS.Signals) {
    store.add('large', bulk(30))
    mkdirSync(out)
    let child: ChildProcess | undefined
    const started = (process: ChildProcess) => {
      child = process
    }
    const watcher = watch(out, (_, name) => {
      if (!name?.startsWith('.')) return
      // Once: whoever asks a second time does not want to wait.
      child?.kill(signal)
      child = undefined
    })
    try {
      return await runCommand(withOut('--workers', '1', '--level', '9'), { started })
    } finally {
      watcher.close()
    }
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('by %s ends by it and leaves nothing', async signal => {
    const { signal: last, stdout, stderr } = await stopped(signal)
    expect(stderr).toMatch(new RegExp(`^nspawn-rootfs: stopped by ${signal}; nothing was left behind$`, 'm'))
    expect([last, stdout.toString()]).toEqual([signal, ''])
    expect(readdirSync(out)).toEqual([])
  })

  it('by SIGKILL leaves no final name, and the next build cleans up', async () => {
    const { signal } = await stopped('SIGKILL')
    expect(signal).toBe('SIGKILL')
    expect(readdirSync(out)).toEqual([expect.stringMatching(/^\.nspawn-rootfs-\d+-/)])
    const { code } = await runCommand(withOut('--level', '0'))
    expect(code).toBe(0)
    expect(readdirSync(out).sort()).toEqual(FILES)
    const { artefacts } = JSON.parse(readFileSync(join(out, FILES[1]!), 'utf8'))
    expect(artefacts).toHaveLength(1)
  })
})
