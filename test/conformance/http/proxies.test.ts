import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { setVariables } from '../../unit/http/proxy-servers.ts'
import { download, FILE, fetchText, openClient, sendFile, serve } from '../../unit/http/servers.ts'
import { serveTls } from '../../unit/http/tls-server.ts'

const programs = needs('microsocks', 'tinyproxy', 'openssl')

async function findPort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until a program listens. */
async function waitFor(program: ChildProcess, port: number): Promise<void> {
  onTestFinished(() => void program.kill('SIGKILL'))
  const isListening = () =>
    new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      onTestFinished(() => void socket.destroy())
    })
  await expect.poll(isListening, { timeout: 20_000 }).toBe(true)
}

async function startMicrosocks(): Promise<number> {
  const port = await findPort()
  const login = ['-u', 'user', '-P', 'pass']
  await waitFor(spawn('microsocks', ['-i', '127.0.0.1', '-p', `${port}`, ...login], { stdio: 'ignore' }), port)
  return port
}

async function startTinyproxy(): Promise<number> {
  const port = await findPort()
  const file = join(temporaryFolder(), 'tinyproxy.conf')
  writeFileSync(file, `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nBasicAuth user pass\n`)
  await waitFor(spawn('tinyproxy', ['-d', '-c', file], { stdio: 'ignore' }), port)
  return port
}

describe.skipIf(programs.skip)(`a client behind a real proxy${programs.because}`, () => {
  it.each([
    ['microsocks', 'socks5h', startMicrosocks],
    ['microsocks', 'socks5', startMicrosocks],
    ['tinyproxy', 'http', startTinyproxy],
  ])('%s, %s, downloads from servers with and without TLS', async (_, scheme, startProxy) => {
    const port = await startProxy()
    const plain = await serve((request, response) => sendFile(request, response))
    const secure = await serveTls((request, response) => sendFile(request, response))
    setVariables({ all_proxy: `${scheme}://user:pass@127.0.0.1:${port}` })
    const { client } = openClient()
    for (const server of [plain, secure]) {
      const files = await Promise.all(Array.from({ length: 4 }, () => download(client, server.at('/file'))))
      expect(files.every(file => FILE.equals(file!))).toBe(true)
    }
  })

  it.each([
    ['microsocks', 'socks5h', startMicrosocks],
    ['tinyproxy', 'http', startTinyproxy],
  ])('%s, %s, is told of a wrong password, at once', async (_, scheme, startProxy) => {
    const port = await startProxy()
    const server = await serveTls((_, response) => response.end('text'))
    for (const userinfo of ['user:wrong@', '']) {
      setVariables({ all_proxy: `${scheme}://${userinfo}127.0.0.1:${port}` })
      const { client, pauses } = openClient()
      const refusal = { message: expect.stringMatching(/; give its user and password in all_proxy$/) }
      await expect(fetchText(client, server.at('/'))).rejects.toMatchObject(refusal)
      expect(pauses).toEqual([])
    }
    expect(server.requests).toEqual([])
  })
})
