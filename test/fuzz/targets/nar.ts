import assert from 'node:assert/strict'
import { byteString } from '../../../src/bytes/index.ts'
import { createGitHash, createNarReader, createNarWriter, type NarEvent } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import { latin1 } from '../../latin1.ts'
import { assertCutAnywhere, isOneIn, runProgram } from '../oracles.ts'
import type { Target } from '../target.ts'

/** Reads a NAR; the data of a file is one event. */
function read(pieces: readonly Uint8Array[]): NarEvent[] {
  const reader = createNarReader()
  const events: NarEvent[] = []
  let data: Uint8Array[] = []
  for (const piece of pieces) {
    for (const event of reader.push(piece)) {
      if (event.type === 'data') data.push(event.bytes.slice())
      else {
        if (data.length > 0) events.push({ type: 'data', bytes: Uint8Array.from(Buffer.concat(data)) })
        data = []
        events.push(event)
      }
    }
  }
  reader.end()
  return events
}

function write(events: readonly NarEvent[]): Buffer {
  const pieces: Uint8Array[] = []
  const writer = createNarWriter(bytes => pieces.push(bytes.slice()))
  for (const event of events) {
    if (event.type === 'directory') writer.directory()
    else if (event.type === 'entry') writer.entry(event.name)
    else if (event.type === 'end-directory') writer.endDirectory()
    else if (event.type === 'symlink') writer.symlink(event.target)
    else if (event.type === 'regular') writer.regular(event.executable, event.size)
    else if (event.type === 'data') writer.data(event.bytes)
  }
  writer.end()
  return Buffer.concat(pieces)
}

const KEYS = [
  'nix-archive-1',
  '(',
  ')',
  'type',
  'regular',
  'executable',
  '',
  'contents',
  'symlink',
  'target',
  'directory',
]

/** Some NARs. */
export function exampleNars(): Uint8Array[] {
  const file: NarEvent[] = [
    { type: 'regular', executable: true, size: 5 },
    { type: 'data', bytes: Buffer.from('hello') },
    { type: 'end-regular' },
  ]
  const link: NarEvent = { type: 'symlink', target: byteString`../a` }
  const entry = (name: string): NarEvent => ({ type: 'entry', name: latin1(name) })
  const end: NarEvent = { type: 'end-directory' }
  return [
    file,
    [{ type: 'regular', executable: false, size: 0 } as const, { type: 'end-regular' } as const],
    [link],
    [{ type: 'directory' } as const, end],
    [
      { type: 'directory' } as const,
      entry('a'),
      ...file,
      entry('b'),
      { type: 'directory' } as const,
      entry('\xff'),
      link,
      end,
      end,
    ],
  ].map(write)
}

/** NARs: there is one for a tree, so what is read is written again as it was. */
export const target: Target = {
  about: 'NARs, held against our writer, and git for their hash',
  seeds: exampleNars,
  words: [...KEYS, 'entry', 'name', 'node', '.', '..', 'a/b', 'a\0'].map(key => encodeNarStrings(key)),
  async run(input) {
    const outcome = await assertCutAnywhere(input, read)
    if (!('value' in outcome)) return
    const events = outcome.value
    assert.deepEqual(write(events), Buffer.from(input))
    const hash = createGitHash('sha1')
    for (const event of events) hash.take(event)
    const id = hash.digest()
    if (id === undefined || events[0]?.type !== 'regular' || !isOneIn(10, input)) return
    const contents = events[1]?.type === 'data' ? events[1].bytes : new Uint8Array()
    assert.equal(
      runProgram(['git', 'hash-object', '--stdin'], contents)?.toString().trim(),
      Buffer.from(id).toString('hex'),
    )
  },
}
