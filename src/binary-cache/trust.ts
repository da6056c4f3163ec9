import {
  type ContentCheck,
  contentAddressOf,
  contentCheckOf,
  isSignedBy,
  type NarInfo,
  narHashBytes,
  type PublicKey,
  parsePublicKeys,
} from '../nix/index.ts'

/** Who is trusted to sign a cache's records of store paths. */
export interface Trust {
  /** Public keys, `NAME:BASE64`; one text may hold several, with blanks between them as in a nix.conf. */
  readonly publicKeys: readonly string[]
  /** Whether a path needs a signature by one of them, or a content address. */
  readonly required: boolean
}

/** Why a store path is trusted: by a signature, because no check is required, or by a hash of its contents. */
export type Verdict =
  | { readonly trusted: true; readonly contentCheck?: ContentCheck }
  | { readonly trusted: false; readonly why: string }

/** Judges what caches say. Throws `NixError` PUBLIC_KEY_INVALID. */
export function createJudge({ publicKeys, required }: Trust): (info: NarInfo) => Verdict {
  const keys = publicKeys.flatMap(parsePublicKeys)
  return info => {
    if (!required || isSignedBy(info, keys)) return { trusted: true }
    const check = contentCheckOf(info)
    if (!check) return { trusted: false, why: `${whyNotSigned(info, keys)}${whyNotAddressed(info)}` }
    if (check.over === 'nar' && check.algorithm === 'sha256') {
      // Nothing is left to do: every NAR is held against its NAR hash.
      if (Buffer.from(narHashBytes(info.narHash)).equals(check.digest)) return { trusted: true }
      return { trusted: false, why: 'its NAR hash is not the one that its content address names' }
    }
    return { trusted: true, contentCheck: check }
  }
}

/** The part of a message about a content address that does not help. */
function whyNotAddressed(info: NarInfo): string {
  if (info.ca === undefined) return ''
  const kind = info.ca.split(':').slice(0, -1).join(':')
  if (contentAddressOf(info)) return ', and its content address does not yield its store path'
  return `, and content addresses of the kind ${JSON.stringify(kind.slice(0, 100))} are not known`
}

function whyNotSigned({ signatures = [] }: NarInfo, keys: readonly PublicKey[]): string {
  if (signatures.length === 0) return 'it is not signed'
  const names = [...new Set(signatures.map(signature => signature.split(':', 1)[0]))]
  const known = names.filter(name => keys.some(key => key.name === name))
  if (known.length > 0) return `its signature by ${known.join(', ')} is wrong`
  const trusted = keys.map(key => key.name).join(', ') || 'nobody'
  return `it is signed by ${names.join(', ')}, and trusted is ${trusted}`
}
