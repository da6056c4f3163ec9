import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { needs } from '../programs.ts'
import { makeVersions, PACKAGE_SIZE } from '../unit/pull/support.ts'
import { cli, finishCli, startCli } from './support/cli.ts'
import { startNginx } from './support/nginx.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needs('nginx', 'setpriv', 'python3', 'sha256sum')

describe.skipIf(real.skip)(`pull from${real.because}`, () => {
  let scratch: Scratch
  let one: string
  let two: string
  beforeAll(async () => {
    scratch = createScratch()
    const versions = makeVersions(scratch.make('versions'))
    one = await versions.publish('1')
    two = await versions.publish('2')
  })
  afterAll(() => scratch?.remove())

  const image = (folder: string) => readFileSync(join(folder, 'web.tar.xz'))

  async function pull(url: string, folder: string, ...more: string[]) {
    const args = ['pull', `${url}/web.tar.xz`, '--dir', folder, '--verify', 'checksum', '--json', ...more]
    const { exit, stdout, stderr } = await cli(args)
    expect(stderr.replace(/^\d+% .*\n/gm, '')).toBe('')
    expect(exit).toBe(0)
    return JSON.parse(stdout.text) as { bytesFetched: number; bytesReused: number; size: number }
  }

  it('nginx costs what changed', async () => {
    const folder = scratch.make('nginx')
    const before = await startNginx(one, scratch.make('nginx-one'))
    await pull(before.url, folder)
    await before.stop()
    expect(image(folder).equals(image(one))).toBe(true)
    const after = await startNginx(two, scratch.make('nginx-two'))
    const { bytesFetched } = await pull(after.url, folder)
    await after.stop()
    expect(image(folder).equals(image(two))).toBe(true)
    expect(bytesFetched).toBeLessThan(1.1 * PACKAGE_SIZE)
  })

  it('a server without ranges works', async () => {
    const folder = scratch.make('python')
    const code =
      'import http.server, functools, sys\n' +
      'server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ' +
      'functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1]))\n' +
      'print(server.server_port, flush=True)\nserver.serve_forever()\n'
    const server = spawn('setpriv', ['--pdeathsig', 'TERM', 'python3', '-c', code, two], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [port] = await once(server.stdout, 'data')
    await pull(`http://127.0.0.1:${`${port}`.trim()}`, folder, '--from', join(one, 'web.tar.xz'))
    server.kill()
    expect(image(folder).equals(image(two))).toBe(true)
  })

  it('nginx that is slow goes on where kill -9 ended it', async () => {
    // About a second for all of it.
    const server = await startNginx(one, scratch.make('nginx-slow'), { location: 'limit_rate 600k;' })
    const kill = async (child: ChildProcess, after: number) => {
      const ended = finishCli(child)
      await wait(after)
      child.kill('SIGKILL')
      await ended
    }
    let kills = 0
    let reused = 0
    while (kills < 30) {
      const folder = scratch.make(`killed-${kills}`)
      // A few in a row: each goes on where the one before was ended.
      for (let i = 0; i < 5; i++, kills++) {
        const args = ['pull', `${server.url}/web.tar.xz`, '--dir', folder, '--verify', 'checksum', '--json']
        await kill(startCli(args), 250 + ((kills * 137) % 900))
        const named = readdirSync(folder).filter(name => !name.startsWith('.'))
        if (named.length > 0) expect(image(folder).equals(image(one))).toBe(true)
      }
      reused += (await pull(server.url, folder)).bytesReused
      expect(image(folder).equals(image(one))).toBe(true)
      expect(readdirSync(folder).sort()).toEqual(['.web.tar.xz.pull', 'web.manifest.json', 'web.tar.xz'])
    }
    await server.stop()
    expect(reused).toBeGreaterThan(0)
  })
})
