/**
 * Contents of files that compress as real ones do. What is of one kind in a real closure differs in much, but for a
 * compressor in how far back things repeat, and how long they are; the constants are chosen for the ratio of
 * `xz -6` in a closure of 1.08 GB. Measured over some files of a kind: ELF 2.3 to 8.3, and where it is mostly code 1 to
 * 5 % more with the x86 filter; text 6.6; message catalogs 6.9; `.gz` 1.1. Over all it is 4.5, for which ELF has to be
 * about 4.
 */
import { createElfWriter } from './elf.ts'
import { createRandom, type Random } from './random.ts'
import { type Output, writePart, writeSnippet, writeText, writeU32 } from './snippets.ts'
import { createVocabulary, type Vocabulary } from './vocabulary.ts'

/** What a file holds. */
export type FileKind = 'elf' | 'text' | 'catalog' | 'packed' | 'table'

/** Contents that can be made at any time. */
export interface FileContents {
  readonly kind: FileKind
  /** In bytes. */
  readonly size: number
  /** What is random in it follows from this. */
  readonly label: string
  /** Files of one kind and family are alike: the languages of one program. */
  readonly family: string
  /** Written into it, if it is an ELF file. */
  readonly mentions: string
}

/** Makes contents, and has the words that they are made of. */
export interface ContentsMaker {
  readonly words: readonly string[]
  /** The contents, in a buffer that the next call writes over. */
  make(contents: FileContents): Uint8Array
}

/** Makes a maker; for one `label` it makes the same. */
export function createContentsMaker(label: string): ContentsMaker {
  const vocabulary = createVocabulary(createRandom(`${label} words`))
  const writeElf = createElfWriter(createRandom(`${label} code`), vocabulary)
  let buffer = new Uint8Array(1 << 20)

  function write(output: Output, { kind, label, family, mentions }: FileContents): void {
    const random = createRandom(label)
    if (kind === 'elf') writeElf(output, random, mentions)
    else if (kind === 'text') writeTextFile(output, random, vocabulary)
    else if (kind === 'catalog') writeCatalog(output, random, createRandom(family), vocabulary)
    else if (kind === 'packed') writePacked(output, random)
    else writeTable(output, random)
  }

  return {
    words: vocabulary.words,
    make(contents) {
      if (contents.size > buffer.length) buffer = new Uint8Array(contents.size)
      write({ bytes: buffer, at: 0, end: contents.size }, contents)
      return buffer.subarray(0, contents.size)
    },
  }
}

function writeTextFile(output: Output, random: Random, vocabulary: Vocabulary): void {
  const style = random.below(20)
  if (style < 12) writeSource(output, random, vocabulary)
  else if (style < 18) writeProse(output, random, vocabulary)
  else writeColumns(output, random)
}

const LICENCE = [
  '/* This file is part of the package it is in. You may use, copy and change it, if this notice stays with it.',
  ' * It comes without any warranty: not that it is of use, nor that it is fit for what you use it for.',
  ' */\n\n',
].join('\n')

const LINE_WIDTH = 76
const INDENTS = ['', '    ', '        ', '            ']
// Of the lines of source one in so many is new, the others occur elsewhere too. Of a new one, three pieces in four are
// single words.
const NEW_LINE_ONE_IN = 2

function writeSource(output: Output, random: Random, vocabulary: Vocabulary): void {
  writeText(output, LICENCE)
  let depth = 0
  while (output.at < output.end) {
    const choice = random.next() >>> 8
    if (choice % 8 === 0) depth = (choice >>> 8) % INDENTS.length
    writeText(output, INDENTS[depth]!)
    if ((choice >>> 4) % NEW_LINE_ONE_IN === 0) writeWords(output, random, vocabulary, LINE_WIDTH >> 1)
    else writeSnippet(output, vocabulary.lines, random)
  }
}

function writeProse(output: Output, random: Random, vocabulary: Vocabulary): void {
  while (output.at < output.end) {
    writeWords(output, random, vocabulary, LINE_WIDTH)
    if (random.below(8) === 0) writeText(output, '\n')
  }
}

// A line of phrases, of about that width, and its end.
function writeWords(output: Output, random: Random, { spaced, phrases }: Vocabulary, width: number): void {
  const from = output.at
  while (output.at < output.end && output.at - from < width) {
    writeSnippet(output, random.next() >>> 30 === 0 ? phrases : spaced, random)
  }
  writeText(output, '\n')
}

// As the tables of Unicode are: rising numbers and few words.
function writeColumns(output: Output, random: Random): void {
  let number = random.below(4096)
  while (output.at < output.end) {
    number += 1 + random.below(16)
    writeText(output, `${number.toString(16).padStart(5, '0')}\tV${random.below(12)};N;${random.below(4)}\n`)
  }
}

// As gettext compiles them: a table of offsets, the messages of the program, and those in one language.
function writeCatalog(output: Output, random: Random, shared: Random, vocabulary: Vocabulary): void {
  const size = output.end - output.at
  writeU32(output, 0x950412de)
  writePart(output, size, 60, () => writeTable(output, shared))
  writePart(output, size, 250, () => writeProse(output, shared, vocabulary))
  writeProse(output, random, vocabulary)
}

// What gzip wrote, as good as: its header, and bytes of which none tells of another.
function writePacked(output: Output, random: Random): void {
  writeText(output, '\x1f\x8b\x08\0\0\0\0\0\x02\x03')
  while (output.at < output.end) writeU32(output, random.next())
}

function writeTable(output: Output, random: Random): void {
  let offset = 0
  while (output.at < output.end) {
    const length = 8 + random.below(120)
    writeU32(output, length)
    writeU32(output, offset)
    offset += length
  }
}
