import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { onTestFinished } from 'vitest'
import { start, type TestServer } from './servers.ts'

/** Serves HTTPS as `localhost`, by HTTP/2 to who can do that, with a certificate that this process trusts until the test is over. */
export async function serveTls(listener: RequestListener, { trusted = true } = {}): Promise<TestServer> {
  const { key, cert } = makeCertificate()
  const requests: IncomingMessage[] = []
  const server = createSecureServer({ key, cert, allowHTTP1: true })
  // Node has other types for requests of either version, but they can do the same.
  server.on('request', (request: unknown, response: unknown) => {
    requests.push(request as IncomingMessage)
    listener(...([request, response] as Parameters<RequestListener>))
  })
  const started = await start(server, 0)
  if (trusted) {
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, cert])
    onTestFinished(() => setDefaultCACertificates(before))
  }
  return { ...started, at: path => new URL(path, `https://localhost:${started.port}`), requests }
}

/** A certificate for `localhost` that vouches for itself. Takes the program openssl. */
function makeCertificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-test-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  try {
    execFileSync('openssl', ['req', ...kind, ...name, '-keyout', key, '-out', cert], { stdio: 'pipe' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
