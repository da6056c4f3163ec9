import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { withDescriptorSync } from '../descriptors.ts'
import { HttpError } from '../http-error.ts'

/** The variables that name a file of authorities, those that Nix reads in its order, and Node's own. */
export const CERTIFICATE_VARIABLES = ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'] as const

/** Where Nix looks if no variable names a file (nix: src/libstore/globals.cc, getDefaultSSLCertFile). */
const SYSTEM_FILES = ['/etc/ssl/certs/ca-certificates.crt', '/nix/var/nix/profiles/default/etc/ssl/certs/ca-bundle.crt']

/**
 * The authorities that TLS connections trust: those of Node, those of NODE_EXTRA_CA_CERTS, which Node reads itself,
 * and those of the one file that Nix would read: NIX_SSL_CERT_FILE, else SSL_CERT_FILE, else the system's.
 *
 * For Nix that file takes the place of all others. Here it comes on top: a file that holds the authority of a company and no
 * other would shut out public caches, which Nix alone asks by a bundle that has both; and it is not the connection that
 * vouches for store paths but their signatures. Throws `HttpError` HTTP_CERTIFICATES_INVALID.
 */
export function openTrust(variables: NodeJS.ProcessEnv): SecureContext {
  const name = CERTIFICATE_VARIABLES.slice(0, 2).find(name => variables[name])
  const more = name === undefined ? readSystem() : readNamed(name, variables[name]!)
  // Most authorities are in all of the lists, and each takes time.
  const ca = [...new Set([...getCACertificates('default'), ...more].map(text => text.trim()))]
  return createSecureContext({ ca })
}

function readNamed(name: string, file: string): string[] {
  const invalid = (problem: string, cause?: unknown) => {
    const message = `${name}: ${file}: ${problem}; correct the variable, or unset it to trust the usual authorities`
    return new HttpError('HTTP_CERTIFICATES_INVALID', message, { cause })
  }
  let text: string
  try {
    text = withDescriptorSync(() => readFileSync(file, 'latin1'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw invalid(code === 'ENOENT' ? 'there is no such file' : `cannot be read (${message})`, error)
  }
  const certificates = certificatesOf(text)
  if (certificates.length === 0) throw invalid('holds no certificate in PEM form')
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate)
    } catch (error) {
      throw invalid(`holds a certificate that is damaged (${(error as Error).message})`, error)
    }
  }
  return certificates
}

function readSystem(): string[] {
  for (const file of SYSTEM_FILES) {
    try {
      return certificatesOf(withDescriptorSync(() => readFileSync(file, 'latin1')))
    } catch {
      // It is not there, or not for us.
    }
  }
  return []
}

function certificatesOf(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}
