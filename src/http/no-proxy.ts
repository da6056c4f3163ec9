/**
 * Hosts that are reached without a proxy, as curl reads them (curl: lib/proxy.c; docs/cmdline-opts/_ENVIRONMENT.md):
 *
 *     list   = "*" | entry { separator entry }
 *     entry  = ADDRESS [ "/" BITS ]        that IPv4 or IPv6 address, or all with as many of its first bits
 *            | [ "." ] DOMAIN [ "." ]      that host, and all below that domain
 *
 * An entry has no port and no wildcard. There are two differences, for lists that can mean only one thing: blanks separate
 * as commas do (curl before version 8), and an IPv6 address may be in brackets.
 */
import { BlockList, isIP } from 'node:net'
import { hostOf } from './addresses.ts'

/** Tells by a list whether a URL's host is reached without a proxy. */
export function parseNoProxy(list: string): (url: URL) => boolean {
  if (list === '*') return () => true
  const entries = list.split(/[\s,]+/).filter(entry => entry !== '')
  return url => {
    const host = hostOf(url)
    const family = isIP(host)
    if (family === 0) return entries.some(entry => isWithinDomain(host, entry))
    return entries.some(entry => isWithinNetwork(host, family, entry.replace(/^\[(.*)\]/, '$1')))
  }
}

function isWithinDomain(host: string, entry: string): boolean {
  const name = host.replace(/\.$/, '')
  const domain = entry.toLowerCase().replace(/\.$/, '').replace(/^\./, '')
  return domain !== '' && (name === domain || name.endsWith(`.${domain}`))
}

function isWithinNetwork(address: string, family: number, entry: string): boolean {
  const [network, bits] = entry.split('/', 2)
  const size = family === 4 ? 32 : 128
  // No bits are all bits for curl.
  const prefix = Number(bits ?? size) || size
  if (isIP(network) !== family || !/^\d*$/.test(bits ?? '') || prefix > size) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const networks = new BlockList()
  networks.addSubnet(network, prefix, type)
  return networks.check(address, type)
}
