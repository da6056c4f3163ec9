/** The strings of a NAR (grammar: nar.ts), by the steps at which they stand. */
import { type ByteString, encodeByteString } from '../bytes/index.ts'
import { NAR_MAX_NAME, NAR_MAX_TARGET } from './nar.ts'

/** A step at which one of some strings stands. */
export type TokenStep =
  | 'magic'
  | 'open'
  | 'type-key'
  | 'type'
  | 'regular'
  | 'executable'
  | 'contents-key'
  | 'target-key'
  | 'directory'
  | 'entry-open'
  | 'name-key'
  | 'node-key'
  | 'close'
  | 'entry-close'

/** A step of the grammar: the kind of the next piece. */
export type Step = TokenStep | 'name' | 'target' | 'size' | 'data' | 'padding' | 'done'

/** A string of the grammar. */
export interface Token {
  readonly text: string
  readonly bytes: Uint8Array
  readonly next: Step
}

function token(text: string, next: Step): Token {
  return { text, bytes: encodeByteString(text as ByteString), next } // Checked by encodeByteString.
}

// What follows `)` depends on what it closes, so the parser sets it.
export const CLOSE = token(')', 'done')
export const DIRECTORY = token('directory', 'directory')
export const EXECUTABLE = token('executable', 'executable')

/** The strings that may stand at each step of the grammar, and the step behind each. */
export const TOKENS: { readonly [step in TokenStep]: readonly Token[] } = {
  magic: [token('nix-archive-1', 'open')],
  open: [token('(', 'type-key')],
  'type-key': [token('type', 'type')],
  type: [token('regular', 'regular'), DIRECTORY, token('symlink', 'target-key')],
  regular: [token('contents', 'size'), EXECUTABLE],
  executable: [token('', 'contents-key')],
  'contents-key': [token('contents', 'size')],
  'target-key': [token('target', 'target')],
  directory: [token('entry', 'entry-open'), CLOSE],
  'entry-open': [token('(', 'name-key')],
  'name-key': [token('name', 'name')],
  'node-key': [token('node', 'open')],
  close: [CLOSE],
  'entry-close': [CLOSE],
}

/** The longest string that each step takes; 0 where none is taken. */
export const LONGEST = {
  ...(Object.fromEntries(
    Object.entries(TOKENS).map(([step, tokens]) => [step, Math.max(...tokens.map(token => token.text.length))]),
  ) as { readonly [step in TokenStep]: number }),
  name: NAR_MAX_NAME,
  target: NAR_MAX_TARGET,
  size: 0,
  data: 0,
  padding: 0,
  done: 0,
}
