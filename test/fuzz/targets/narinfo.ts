import assert from 'node:assert/strict'
import { formatNarInfo, type NarInfo, parseNarInfo } from '../../../src/nix/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

export const PATH = 'zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-hello-2.12'
export const HASH = 'sha256:0000000000000000000000000000000000000000000000000000'

const WHOLE = `StorePath: /nix/store/${PATH}
URL: nar/1.nar.xz
Compression: xz
FileHash: ${HASH}
FileSize: 113
NarHash: ${HASH}
NarSize: 120
References: ${PATH} zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-glibc
Deriver: ${PATH}.drv
Sig: cache.example.org-1:AAAA==
Sig: other:
CA: fixed:r:${HASH}
`
const FIELDS = WHOLE.split('\n').flatMap(line => [line.slice(0, line.indexOf(':') + 1), `${line}\n`])

/** What Nix takes is a file with at least these lines (src/libstore/nar-info.cc). */
const REQUIRED = [/^StorePath: \/nix\/store\/[0-9a-z]{32}-.+$/m, /^URL: .+$/m, /^NarHash: .+$/m, /^NarSize: \d+$/m]

export const target: Target = {
  about: 'narinfo files, held against our writer and what Nix asks of one',
  seeds: () => [
    WHOLE,
    WHOLE.replace(/^(File|Sig|CA|Deriver).*\n/gm, ''),
    WHOLE.replace(/^Deriver.*/m, 'Deriver: unknown-deriver'),
  ],
  words: [...FIELDS, ': ', '\n', '\r\n', 'unknown-deriver', 'sha256-', 'sha512:', PATH],
  run(input) {
    const text = Buffer.from(input).toString()
    const outcome = outcomeNow(() => parseNarInfo(text))
    if (!('value' in outcome)) return
    for (const line of REQUIRED) assert.match(text, line)
    assert.deepEqual(parseNarInfo(formatNarInfo(outcome.value as NarInfo)), outcome.value)
  },
}
