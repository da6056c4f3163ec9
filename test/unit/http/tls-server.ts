import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { onTestFinished } from 'vitest'
import { start, type TestServer } from './servers.ts'

/** A certificate and its private key, in PEM form. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** How to serve. */
export interface TlsOptions {
  /** Whether this process trusts the certificate until the test is over: it does. */
  readonly trusted?: boolean
  readonly certificate?: Certificate
}

/** Serves HTTPS as `localhost`, by HTTP/2 to who can do that. */
export async function serveTls(listener: RequestListener, options: TlsOptions = {}): Promise<TestServer> {
  const { trusted = true, certificate = makeCertificate() } = options
  const { key, cert } = certificate
  const requests: IncomingMessage[] = []
  const server = createSecureServer({ key, cert, allowHTTP1: true })
  // Node has other types for requests of either version, but they can do the same.
  server.on('request', (request: unknown, response: unknown) => {
    requests.push(request as IncomingMessage)
    listener(...([request, response] as Parameters<RequestListener>))
  })
  const started = await start(server, 0)
  if (trusted) trust(cert)
  return { ...started, at: path => new URL(path, `https://localhost:${started.port}`), requests }
}

/** Has this process trust a certificate until the test is over. */
export function trust(cert: string): void {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cert])
  onTestFinished(() => setDefaultCACertificates(before))
}

/** A certificate for `localhost` that vouches for itself. Takes the program openssl. */
export function makeCertificate(): Certificate {
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
