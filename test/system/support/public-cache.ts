/** What stands in for https://cache.nixos.org: no more than a proxy and a certificate tell it from the real one. */
import { readFileSync } from 'node:fs'
import { createServer as createProxy } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { join } from 'node:path'
import { execute } from './execute.ts'

/** A public cache that has nothing. */
export interface PublicCache {
  /** The variables with which a program finds it. */
  readonly env: Readonly<Record<string, string>>
  /** Everything that the proxy was asked for, whoever asked: the host of each tunnel, and each plain URL. */
  readonly asked: string[]
  /** The paths that the cache was asked for. */
  readonly requests: string[]
  stop(): Promise<void>
}

/** Starts one, with its certificate in `folder`. */
export async function startPublicCache(folder: string): Promise<PublicCache> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const name = ['-subj', '/CN=cache.nixos.org', '-addext', 'subjectAltName=DNS:cache.nixos.org']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '7']
  await execute('openssl', ['req', '-x509', ...kind, ...name, '-keyout', key, '-out', cert])
  const asked: string[] = []
  const requests: string[] = []
  const cache = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    requests.push(request.url!)
    if (request.url === '/nix-cache-info') response.end('StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n')
    else response.writeHead(404).end()
  })
  const proxy = createProxy((request, response) => {
    asked.push(request.url!)
    response.writeHead(404).end()
  })
  proxy.on('connect', (request, client) => {
    asked.push(request.url!)
    const server = connect(portOf(cache), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.pipe(server).pipe(client)
    })
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      one.on('error', () => other.destroy())
    }
  })
  for (const server of [cache, proxy]) {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    server.unref()
  }
  const url = `http://127.0.0.1:${portOf(proxy)}`
  return {
    env: { https_proxy: url, http_proxy: url, NODE_EXTRA_CA_CERTS: cert, NIX_SSL_CERT_FILE: cert },
    asked,
    requests,
    async stop() {
      await Promise.all([cache, proxy].map(server => new Promise(resolve => server.close(resolve))))
    },
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
