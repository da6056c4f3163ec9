import { pick, type Random, ZIPF_SIZE, zipfTable } from './random.ts'
import { createSnippets, type Snippets } from './snippets.ts'

/** What texts, symbols and names are made of. */
export interface Vocabulary {
  /** The most frequent first. */
  readonly words: readonly string[]
  /** A word and a space. */
  readonly spaced: Snippets
  /** Some words in a row, as they occur again and again. */
  readonly phrases: Snippets
  /** Lines of source code without their indentation, with their end. */
  readonly lines: Snippets
  /** Names of functions, each with a NUL. */
  readonly symbols: Snippets
}

/** Sizes of the vocabulary: with these, `xz -6` makes of the texts what it makes of real ones. */
const WORDS = 3000
const PHRASES = 6000
const LINES = 6000
const SYMBOLS = 6000

const ONSETS = ['b', 'c', 'd', 'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'st', 'tr', 'pr', 'ch', 'th', '']
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'e', 'a', 'io', 'ea']
const CODAS = ['', '', 'n', 'r', 's', 't', 'l', 'd', 'nd', 'ng', 'ck', 'x']

/** Makes words and all that is made of them. */
export function createVocabulary(random: Random): Vocabulary {
  const words = [...createWords(random)]
  const zipf = zipfTable(words.length)
  const word = () => words[zipf[random.below(ZIPF_SIZE)]!]!
  const symbol = () => Array.from({ length: 1 + random.below(3) }, word).join('_')
  const repeat = (count: number, make: () => string) => createSnippets(Array.from({ length: count }, make))
  return {
    words,
    spaced: createSnippets(words.map(text => `${text} `)),
    phrases: repeat(PHRASES, () => `${Array.from({ length: 2 + random.below(6) }, word).join(' ')} `),
    lines: repeat(LINES, () => createLine(random, symbol)),
    symbols: repeat(SYMBOLS, () => `${symbol()}\0`),
  }
}

function createWords(random: Random): Set<string> {
  const words = new Set<string>()
  while (words.size < WORDS) {
    // Frequent words are short.
    const syllables = 1 + random.below(words.size < 100 ? 2 : 3)
    words.add(Array.from({ length: syllables }, () => createSyllable(random)).join(''))
  }
  return words
}

function createSyllable(random: Random): string {
  return pick(random, ONSETS) + pick(random, VOWELS) + pick(random, CODAS)
}

function createLine(random: Random, symbol: () => string): string {
  switch (random.below(9)) {
    case 0:
      return `if (${symbol()}->${symbol()} == ${symbol().toUpperCase()}) {\n`
    case 1:
      return `return ${symbol()}(${symbol()});\n`
    case 2:
      return `${symbol()} = ${symbol()}(${symbol()}, ${symbol()}, ${random.below(64)});\n`
    case 3:
      return '}\n'
    case 4:
      return `#define ${symbol().toUpperCase()} 0x${random.below(65536).toString(16)}\n`
    case 5:
      return `/* ${symbol().replaceAll('_', ' ')} ${symbol().replaceAll('_', ' ')} */\n`
    case 6:
      return `static int ${symbol()}(struct ${symbol()} *${symbol()})\n`
    case 7:
      return `for (i = 0; i < ${symbol()}; i++)\n`
    default:
      return '\n'
  }
}
