import fc from 'fast-check'
import { type ByteString, compareByteStrings, encodeByteString } from '../../../src/bytes/index.ts'
import { createNarReader, createNarWriter, type NarEvent } from '../../../src/nix/index.ts'
import { latin1 } from '../../latin1.ts'

/** A file system tree as tests spell it: in names, targets and contents a character is a byte. */
export type Tree =
  | { readonly symlink: string }
  | { readonly contents: string; readonly executable?: boolean }
  | { readonly children: { readonly [name: string]: Tree } }

/** The NAR of a tree; the pieces emitted are copied at once, as the writer asks. */
export function narOfTree(tree: Tree): Uint8Array {
  const pieces: Uint8Array[] = []
  const writer = createNarWriter(bytes => pieces.push(bytes.slice()))
  const write = (node: Tree): void => {
    if ('symlink' in node) writer.symlink(latin1(node.symlink))
    else if ('contents' in node) {
      writer.regular(node.executable ?? false, node.contents.length)
      writer.data(encodeByteString(latin1(node.contents)))
    } else {
      writer.directory()
      for (const name of namesIn(node.children)) {
        writer.entry(name)
        write(node.children[name])
      }
      writer.endDirectory()
    }
  }
  write(tree)
  writer.end()
  return new Uint8Array(Buffer.concat(pieces))
}

/** The events of a NAR that is pushed in pieces that end at the given offsets; the data of a file as one event. */
export function eventsOfNar(nar: Uint8Array, cuts: readonly number[] = []): NarEvent[] {
  const reader = createNarReader()
  const events: NarEvent[] = []
  const data: Uint8Array[] = []
  let from = 0
  for (const to of [...cuts, nar.length]) {
    // A copy that is overwritten afterwards shows whether the reader keeps what it does not own.
    const chunk = nar.slice(from, to)
    for (const event of reader.push(chunk)) {
      if (event.type === 'data') data.push(event.bytes.slice())
      else {
        if (event.type === 'end-regular')
          events.push({ type: 'data', bytes: new Uint8Array(Buffer.concat(data.splice(0))) })
        events.push(event)
      }
    }
    chunk.fill(0xee)
    from = to
  }
  reader.end()
  return events
}

/** The events that {@link eventsOfNar} gives for the NAR of a tree. */
export function eventsOfTree(tree: Tree): NarEvent[] {
  if ('symlink' in tree) return [{ type: 'symlink', target: latin1(tree.symlink) }]
  if ('contents' in tree) {
    return [
      { type: 'regular', executable: tree.executable ?? false, size: tree.contents.length },
      { type: 'data', bytes: encodeByteString(latin1(tree.contents)) },
      { type: 'end-regular' },
    ]
  }
  return [
    { type: 'directory' },
    ...namesIn(tree.children).flatMap(name => [{ type: 'entry', name } as const, ...eventsOfTree(tree.children[name])]),
    { type: 'end-directory' },
  ]
}

function namesIn(children: { readonly [name: string]: Tree }): ByteString[] {
  return Object.keys(children).map(latin1).sort(compareByteStrings)
}

const byte = fc.integer({ min: 1, max: 255 }).map(code => String.fromCharCode(code))
const arbitraryName = fc
  .string({ unit: byte, minLength: 1, maxLength: 40 })
  .map(name => name.replaceAll('/', '_'))
  .filter(name => name !== '.' && name !== '..')
const arbitraryContents = fc.uint8Array({ maxLength: 40 }).map(bytes => String.fromCharCode(...bytes))

/** Trees up to four levels deep. */
export const arbitraryTree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.record({ symlink: fc.string({ unit: byte, minLength: 1, maxLength: 60 }) }),
    fc.record({ contents: arbitraryContents, executable: fc.boolean() }),
    fc.record({
      children: fc
        .uniqueArray(fc.tuple(arbitraryName, tie('tree')), { maxLength: 6, selector: ([name]) => name })
        // Object.fromEntries, unlike assignment, makes `__proto__` a name like any other.
        .map(children => Object.fromEntries(children) as { [name: string]: Tree }),
    }),
  ),
})).tree
