/**
 * Kinds of addresses (IANA special-purpose address registries). Otherwise the operator of a public server could have builds ask,
 * by a redirect or the URL of a NAR, what listens to this machine only, or the metadata service of a cloud at 169.254.169.254.
 */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import { BlockList, isIP } from 'node:net'

/** Metadata services of clouds (Alibaba, AWS, Google) whose addresses look like those of a private network. */
const METADATA = ['100.100.100.200/32', 'fd00:ec2::254/128', 'fd20:ce::254/128']

/** Addresses of this machine, and of others on its link that have no other address. 0.0.0.0 and :: lead to this machine, too. */
const OWN = networks(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '::/127', 'fe80::/10', ...METADATA])

/** Addresses of networks that are not the internet. */
const PRIVATE = networks(['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'])

/** A public server leads to an address that is for this machine or its link. */
export class OwnAddressError extends Error {
  override readonly name = 'OwnAddressError'
  readonly address: string

  constructor(address: string) {
    super(`${address} is no address to which public servers may lead`)
    this.address = address
  }
}

/** The host of a URL; an IPv6 address without its brackets. */
export function hostOf({ hostname }: Pick<URL, 'hostname'>): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

/** Whether an address is one of the internet. */
export function isPublicAddress(address: string): boolean {
  return !isIn(OWN, address) && !isIn(PRIVATE, address)
}

/** Whether a URL has such an address, or a name, which may be one of any. */
export function isPublicHost(url: URL): boolean {
  const host = hostOf(url)
  return isIP(host) ? isPublicAddress(host) : !isLocalhost(host)
}

/** Throws {@link OwnAddressError} for the URL of such an address. That of a name is looked at when it is looked up. */
export function refuseOwnAddress(url: URL): void {
  const host = hostOf(url)
  if (isIP(host) ? isIn(OWN, host) : isLocalhost(host)) throw new OwnAddressError(host)
}

type Found = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** Looks up a host name as `lookup` does, but finds no addresses of this machine or its link. */
export function lookUpElsewhere(hostname: string, options: LookupOptions, found: Found): void {
  lookup(hostname, { ...options, all: true }, (error, all) => {
    if (error) return found(error, [])
    const others = all.filter(({ address }) => !isIn(OWN, address))
    if (others.length === 0) found(new OwnAddressError(`${all[0].address} (${hostname})`), [])
    else if (options.all) found(null, others)
    else found(null, others[0].address, others[0].family)
  })
}

/** Names that are always those of this machine (RFC 6761, section 6.3). */
function isLocalhost(host: string): boolean {
  return /^(.*\.)?localhost\.?$/.test(host)
}

function isIn(list: BlockList, address: string): boolean {
  // With a zone behind, as in fe80::1%eth0, it is not known.
  const bare = address.split('%', 1)[0]
  return list.check(bare, isIP(bare) === 6 ? 'ipv6' : 'ipv4')
}

function networks(all: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of all) {
    const [address, bits] = network.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
