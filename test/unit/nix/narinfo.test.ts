import { describe, expect, it } from 'vitest'
import { formatNarInfo, parseNarInfo } from '../../../src/nix/index.ts'

// What cache.nixos.org says of this path.
const CURL = `StorePath: /nix/store/syd87l2rxw8cbsxmxl853h0r6pdwhwjr-curl-7.82.0-bin
URL: nar/05ra3y72i3qjri7xskf9qj8kb29r6naqy1sqpbs3azi3xcigmj56.nar.xz
Compression: xz
FileHash: sha256:05ra3y72i3qjri7xskf9qj8kb29r6naqy1sqpbs3azi3xcigmj56
FileSize: 68852
NarHash: sha256:1b4sb93wp679q4zx9k1ignby1yna3z7c4c2ri3wphylbc2dwsys0
NarSize: 196040
References: 0jqd0rlxzra1rs38rdxl43yh6rxchgc6-curl-7.82.0 6w8g7njm4mck5dmjxws0z1xnrxvl81xa-glibc-2.34-115
Deriver: 5rwxzi7pal3qhpsyfc16gzkh939q1np6-curl-7.82.0.drv
Sig: cache.nixos.org-1:TsTTb3WGTZKphvYdBHXwo6weVILmTytUjLB+vcX89fOjjRicCHmKA4RCPMVLkj6TMJ4GMX3HPVWRdD1hkeKZBQ==
Sig: test1:519iiVLx/c4Rdt5DNt6Y2Jm6hcWE9+XY69ygiWSZCNGVcmOcyL64uVAJ3cV8vaTusIZdbTnYo9Y7vDNeTmmMBQ==
`
// What `nix copy --to file://…` of Nix 2.8 wrote.
const FOO = `StorePath: /nix/store/a7qcz39y1mj61s58pqflwszahfq5dh2x-foo
URL: nar/13cgph5xrbsfrqviq9nlsja22ds93k8cvw6q93mqcrz8j7g3n1kb.nar.xz
Compression: xz
FileHash: sha256:13cgph5xrbsfrqviq9nlsja22ds93k8cvw6q93mqcrz8j7g3n1kb
FileSize: 212
NarHash: sha256:01imh33amlbyxbr8asrirdwk196crp6ivwlavsns1lvzlrn9ilkd
NarSize: 680
References: 
CA: fixed:r:sha256:01imh33amlbyxbr8asrirdwk196crp6ivwlavsns1lvzlrn9ilkd
`
const LEAST = `StorePath: /nix/store/a7qcz39y1mj61s58pqflwszahfq5dh2x-foo\nURL: x\n${field('NarHash')}NarSize: 680\n`

/** The line of a field in FOO, with its newline. */
function field(name: string): string {
  return new RegExp(`^${name}: .*\n`, 'm').exec(FOO)![0]
}

/** FOO with the line of a field replaced; the new one needs its newline. */
function foo(name: string, line: string): string {
  return FOO.replace(field(name), line)
}

describe('parseNarInfo', () => {
  it('reads every field', () => {
    const info = parseNarInfo(CURL)
    expect(info).toMatchObject({
      path: { path: '/nix/store/syd87l2rxw8cbsxmxl853h0r6pdwhwjr-curl-7.82.0-bin' },
      url: 'nar/05ra3y72i3qjri7xskf9qj8kb29r6naqy1sqpbs3azi3xcigmj56.nar.xz',
      compression: 'xz',
      fileHash: 'sha256:05ra3y72i3qjri7xskf9qj8kb29r6naqy1sqpbs3azi3xcigmj56',
      fileSize: 68852,
      narHash: 'sha256:1b4sb93wp679q4zx9k1ignby1yna3z7c4c2ri3wphylbc2dwsys0',
      narSize: 196040,
      deriver: { name: 'curl-7.82.0.drv' },
    })
    expect(info.references.map(reference => reference.name)).toEqual(['curl-7.82.0', 'glibc-2.34-115'])
    expect(info.signatures?.map(signature => signature.slice(0, 22))).toEqual([
      'cache.nixos.org-1:TsTT',
      'test1:519iiVLx/c4Rdt5D',
    ])
    expect(info).not.toHaveProperty('ca')
    expect(parseNarInfo(FOO)).toMatchObject({
      references: [],
      signatures: [],
      ca: 'fixed:r:sha256:01imh33amlbyxbr8asrirdwk196crp6ivwlavsns1lvzlrn9ilkd',
    })
  })

  it('needs four fields', () => {
    const info = parseNarInfo(LEAST)
    expect(info).toMatchObject({ url: 'x', compression: 'bzip2', narSize: 680, references: [], signatures: [] })
    for (const name of ['fileHash', 'fileSize', 'deriver', 'ca']) expect(info).not.toHaveProperty(name)
  })

  it.each(['StorePath', 'URL', 'NarHash', 'NarSize'])('refuses a narinfo without %s', name => {
    expect(() => parseNarInfo(foo(name, ''))).toThrow(
      expect.objectContaining({ code: 'NARINFO_INVALID', message: expect.stringContaining(`has no ${name}`) }),
    )
  })

  it('does not mind the order, nor names that it does not know', () => {
    const reversed = FOO.trimEnd().split('\n').reverse().join('\n')
    expect(parseNarInfo(`${reversed}\n`)).toEqual(parseNarInfo(FOO))
    expect(parseNarInfo(`System: x86_64-linux\n: \nurl: other\nSystem: i686-linux\n${FOO}`)).toEqual(parseNarInfo(FOO))
  })

  it.each([
    ['Compression: none\n', 'none'],
    ['Compression: zstd\n', 'zstd'],
    // Whoever reads the NAR says that it cannot.
    ['Compression: rar\n', 'rar'],
    ['Compression: \n', 'bzip2'],
    ['', 'bzip2'],
  ])('reads the compression of %j', (line, compression) => {
    expect(parseNarInfo(foo('Compression', line)).compression).toBe(compression)
  })

  it.each([
    ['6dd2986ca67fd3a0adde8af21dcdcdcca43079cb316b85f2ea7ed1aac6803506', 'sha256:'],
    ['bdKYbKZ/06Ct3oryHc3NzKQwecsxa4Xy6n7RqsaANQY=', 'sha256:'],
    ['bdKYbKZ/06Ct3oryHc3NzKQwecsxa4Xy6n7RqsaANQY=', 'sha256-'],
  ])('reads the hash %s behind %s', (digest, prefix) => {
    const info = parseNarInfo(foo('NarHash', `NarHash: ${prefix}${digest}\n`))
    expect(info.narHash).toBe('sha256:01imh33amlbyxbr8asrirdwk196crp6ivwlavsns1lvzlrn9ilkd')
  })

  it('takes unknown-deriver, an empty CA and a file size of 0 for nothing', () => {
    const text = `${LEAST}Deriver: unknown-deriver\nCA: \nFileSize: 0\n`
    expect(parseNarInfo(text)).toEqual(parseNarInfo(LEAST))
  })

  it('takes zeros in front of a size, and passes over what it does not know', () => {
    const text = FOO.replace('NarSize: ', 'NarSize: 0').replace('FileSize: ', 'FileSize: 00')
    expect(parseNarInfo(`X-Mirror:here\n${text}Empty:\n`)).toEqual(parseNarInfo(FOO))
    const { fileHash: _, ...others } = parseNarInfo(FOO)
    for (const hash of [`sha1:${'0'.repeat(32)}`, `sha512:${'0'.repeat(128)}`, `md5-${btoa('x'.repeat(16))}`]) {
      expect(parseNarInfo(foo('FileHash', `FileHash: ${hash}\n`))).toEqual(others)
    }
  })

  it.each<[name: 'FileHash' | 'FileSize', line: string]>([
    ['FileSize', 'FileSize: -5\n'],
    ['FileSize', 'FileSize: abc\n'],
    ['FileSize', 'FileSize: \n'],
    ['FileSize', 'FileSize:\n'],
    ['FileSize', 'FileSize: 9007199254740992\n'],
    ['FileSize', 'FileSize: 99999999999999999999999\n'],
    ['FileSize', field('FileSize').repeat(2)],
    ['FileSize', field('FileSize').repeat(3)],
    ['FileHash', 'FileHash: sha256:zzz\n'],
    ['FileHash', 'FileHash: \n'],
    ['FileHash', `FileHash: sha1:${'0'.repeat(31)}\n`],
    ['FileHash', field('FileHash').repeat(2)],
  ])('takes a %s that is malformed or given twice for nothing: %j', (name, line) => {
    expect(parseNarInfo(foo(name, line))).toEqual(parseNarInfo(foo(name, '')))
  })

  it('takes any number of spaces between references', () => {
    const base = '2l7gvysjsjm6zqykb5rw716nrl4b9i4f-bar'
    const info = parseNarInfo(foo('References', `References:  ${base}   ${base}-2 \n`))
    expect(info.references.map(reference => reference.name)).toEqual(['bar', 'bar-2'])
  })

  it('knows other stores', () => {
    const text = CURL.replace('/nix/store', '/gnu/store')
    const info = parseNarInfo(text, '/gnu/store')
    for (const path of [info.path, info.deriver, ...info.references]) expect(path?.storeDir).toBe('/gnu/store')
    expect(() => parseNarInfo(text)).toThrow(expect.objectContaining({ line: 1 }))
  })

  it.each([
    ['an empty text', '', undefined, /has no StorePath/],
    ['a page of HTML', '<!DOCTYPE html>\n<html>\n', 1, /line 1, "<!DOCTYPE html>": it is not of the form/],
    ['a line that does not end', FOO.slice(0, -1), 9, /was cut off/],
    ['an empty line', `${FOO}\n`, 10, /not of the form/],
    ['a line without a space', foo('URL', 'URL:nar/x\n'), 2, /not of the form/],
    ['references without a space', foo('References', 'References:\n'), 8, /not of the form/],
    ['lines of another system', FOO.replaceAll('\n', '\r\n'), 1, /not a store path/],
    ['a store path without its store', foo('StorePath', FOO.slice(0, 11) + field('StorePath').slice(22)), 1, /begin/],
    ['an empty URL', foo('URL', 'URL: \n'), 2, /line 2, URL: "": it is empty/],
    ['a hash too short', foo('NarHash', 'NarHash: sha256:0\n'), 6, /line 6, NarHash: "sha256:0": not a hash/],
    ['an empty hash', foo('NarHash', 'NarHash: \n'), 6, /not a hash/],
    ['a negative size', foo('NarSize', 'NarSize: -1\n'), 7, /not a decimal number/],
    ['a size of 2^53', foo('NarSize', 'NarSize: 9007199254740992\n'), 7, /2\^53/],
    ['a second NAR size', FOO + field('NarSize'), 10, /line 7 has given NarSize/],
    ['a size that is no number', foo('NarSize', 'NarSize: 680 \n'), 7, /not a decimal number/],
    ['a NAR size of 0', foo('NarSize', 'NarSize: 0\n'), 7, /no NAR is empty/],
    ['a reference that is a whole path', CURL.replace(': 0jqd', ': /nix/store/0jqd'), 8, /not a store path/],
    ['references parted by a tab', CURL.replace(' 6w8g', '\t6w8g'), 8, /not a store path/],
    ['an empty deriver', `${FOO}Deriver: \n`, 10, /not a store path/],
    ['a second CA', FOO + field('CA'), 10, /line 9 has given CA/],
    ['second references', FOO + field('References'), 10, /line 8 has given References/],
    ['a second NAR hash', FOO + field('NarHash'), 10, /line 6 has given NarHash/],
    ['a second store path', FOO + field('StorePath'), 10, /line 1 has given StorePath/],
  ])('refuses %s', (_, text, line, message) => {
    expect(() => parseNarInfo(text)).toThrow(
      expect.objectContaining({ code: 'NARINFO_INVALID', line, message: expect.stringMatching(message) }),
    )
  })

  it('takes megabytes in a time that grows no faster than they do', () => {
    const name = '2l7gvysjsjm6zqykb5rw716nrl4b9i4f-bar'
    const references = Array.from({ length: 50_000 }, (_, i) => `${name}${i}`)
    expect(parseNarInfo(foo('References', `References: ${references.join(' ')}\n`)).references).toHaveLength(50_000)
    expect(parseNarInfo(FOO + 'Sig: a:b\n'.repeat(400_000)).signatures).toHaveLength(400_000)
    expect(parseNarInfo(FOO + ': \n'.repeat(1_000_000)).narSize).toBe(680)
    for (const text of [':'.repeat(4e6), 'a'.repeat(4e6), `${': '.repeat(2e6)}\n`, `${FOO}CA: ${':'.repeat(4e6)}\n`]) {
      expect(() => parseNarInfo(text)).toThrow(expect.objectContaining({ code: 'NARINFO_INVALID' }))
    }
  })

  it.each([
    ['a line', ''.padEnd(1e6, 'x')],
    ['a hash', foo('NarHash', `NarHash: ${''.padEnd(1e6, 'x')}\n`)],
    ['a reference', foo('References', `References: ${''.padEnd(1e6, 'x')}\n`)],
  ])('says little of %s of a megabyte', (_, text) => {
    let message = ''
    try {
      parseNarInfo(text)
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).toMatch(/xxx/)
    expect(message.length).toBeLessThan(2000)
  })
})

describe('formatNarInfo', () => {
  it.each([
    ['cache.nixos.org', CURL],
    ['nix copy', FOO],
  ])('writes what %s does', (_, text) => {
    expect(formatNarInfo(parseNarInfo(text))).toBe(text)
  })

  it('writes no line that was not asked for', () => {
    const info = parseNarInfo(FOO)
    for (const change of [{ url: 'a\nSig: b:c' }, { ca: '\n' }, { signatures: ['a:b', 'a:\nb'] }]) {
      expect(() => formatNarInfo({ ...info, ...change })).toThrow(
        expect.objectContaining({ code: 'NARINFO_INVALID', message: expect.stringContaining('line break') }),
      )
    }
  })
})
