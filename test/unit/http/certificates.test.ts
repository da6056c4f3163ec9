import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { openTrust } from '../../../src/http/certificates.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder, unprivileged } from '../../temporary.ts'
import { serveProxy, serveSocks, setVariables } from './proxy-servers.ts'
import { fetchText, openClient, serve } from './servers.ts'
import { makeCertificate, serveTls } from './tls-server.ts'

const openssl = needs('openssl')

const HTTP = new URL('../../../src/http/index.ts', import.meta.url)

/** Writes a file of certificates that is removed when the test is over. */
function writeCertificates(text: string): string {
  const file = join(temporaryFolder(), 'authorities.pem')
  writeFileSync(file, text)
  return file
}

const serveText = () => {
  const certificate = makeCertificate()
  return serveTls((_, response) => response.end('text'), { trusted: false, certificate }).then(server => ({
    server,
    file: writeCertificates(`# My company\n${certificate.cert}`),
  }))
}

describe.skipIf(openssl.skip)(`authorities${openssl.because}`, () => {
  it.each(['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE'])('of %s are trusted', async name => {
    const { server, file } = await serveText()
    await expect(fetchText(openClient().client, server.at('/'))).rejects.toThrow('the certificate was refused')
    setVariables({ [name]: file })
    expect(await fetchText(openClient().client, server.at('/'))).toBe('text')
  })

  it('of NIX_SSL_CERT_FILE are asked before those of SSL_CERT_FILE, unless it is empty', async () => {
    const { server, file } = await serveText()
    const other = writeCertificates(makeCertificate().cert)
    setVariables({ NIX_SSL_CERT_FILE: other, SSL_CERT_FILE: file })
    await expect(fetchText(openClient().client, server.at('/'))).rejects.toThrow('the certificate was refused')
    setVariables({ NIX_SSL_CERT_FILE: file, SSL_CERT_FILE: '/nowhere' })
    expect(await fetchText(openClient().client, server.at('/'))).toBe('text')
    setVariables({ NIX_SSL_CERT_FILE: '', SSL_CERT_FILE: file })
    expect(await fetchText(openClient().client, server.at('/'))).toBe('text')
  })

  it('that this process trusts anyway stay trusted', async () => {
    const server = await serveTls((_, response) => response.end('text'))
    setVariables({ NIX_SSL_CERT_FILE: writeCertificates(makeCertificate().cert) })
    expect(await fetchText(openClient().client, server.at('/'))).toBe('text')
  })

  it('of NODE_EXTRA_CA_CERTS are trusted, besides those of another variable', async () => {
    const { server, file } = await serveText()
    const second = await serveText()
    const code = `
      const { createHttpClient } = await import(${JSON.stringify(HTTP.href)})
      const client = createHttpClient()
      for (const url of process.argv.slice(1)) {
        console.log(String(Buffer.from(await client.fetchDocument(new URL(url), { limit: 100 }))))
      }
      await client.close()`
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: file, NIX_SSL_CERT_FILE: second.file }
    const urls = [server, second.server].map(server => server.at('/').href)
    const child = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code, ...urls], { env })
    expect(child.stdout).toBe('text\ntext\n')
  })

  it.each(['https', 'http', 'socks5h'])('are trusted for servers behind a proxy that speaks %s', async scheme => {
    const { server, file } = await serveText()
    const proxied = makeCertificate()
    const proxy = await serveProxy(scheme === 'https' ? { certificate: proxied } : {})
    const socks = await serveSocks()
    const both = writeCertificates(`${proxied.cert}${readFileSync(file)}`)
    const port = scheme === 'socks5h' ? socks.port : proxy.port
    setVariables({ SSL_CERT_FILE: both, https_proxy: `${scheme}://localhost:${port}` })
    expect(await fetchText(openClient().client, server.at('/'))).toBe('text')
    expect(proxy.asked.length + socks.asked.length).toBe(1)
  })
})

describe('a file of authorities', () => {
  const folder = () => {
    const path = join(temporaryFolder(), 'folder')
    mkdirSync(path)
    return path
  }
  it.each<[string, () => string, string]>([
    ['is missing', () => '/no-cert-file.crt', 'there is no such file'],
    ['is a folder', folder, 'cannot be read (EISDIR'],
    ['is empty', () => writeCertificates(''), 'holds no certificate in PEM form'],
    ['has only a key', () => writeCertificates('-----BEGIN PRIVATE KEY-----\n'), 'holds no certificate in PEM form'],
    [
      'is damaged',
      () => writeCertificates('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'holds a certificate that is damaged',
    ],
  ])('is named with its variable if it %s, where it is needed', async (_, make, words) => {
    const server = await serve((_, response) => response.end('text'))
    const file = make()
    for (const name of ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE']) {
      setVariables({ NIX_SSL_CERT_FILE: '', SSL_CERT_FILE: '', [name]: file })
      const { client, pauses } = openClient()
      expect(await fetchText(client, server.at('/'))).toBe('text')
      const error = await fetchText(client, new URL('https://localhost/')).catch(error => error)
      expect(error).toMatchObject({ code: 'HTTP_CERTIFICATES_INVALID' })
      expect(error.message).toContain(`${name}: ${file}: ${words}`)
      expect(pauses).toEqual([])
    }
  })

  it('is named with its variable if it may not be read', () => {
    const file = writeCertificates('')
    chmodSync(file, 0)
    const refusal = expect.objectContaining({
      code: 'HTTP_CERTIFICATES_INVALID',
      message: expect.stringContaining(`SSL_CERT_FILE: ${file}: cannot be read (EACCES`),
    })
    expect(() => unprivileged(() => openTrust({ SSL_CERT_FILE: file }))).toThrow(refusal)
  })
})
