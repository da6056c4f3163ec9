/** Checks a spec when it is given: the names of keys and the kinds of values. Their meaning is checked later. */
import {
  anyObject,
  type Check,
  either,
  filePath,
  flag,
  isTextOrBytes,
  listOf,
  number,
  objectOf,
  oneOf,
  recordOf,
  someText,
  text,
  textOrBytes,
  wholeNumber,
} from '../arguments.ts'
import { SYSTEMS } from '../check/index.ts'
import { listsPaths } from '../closure-source.ts'
import { FORMATS, foreignOptions } from '../compression.ts'
import type { ImageSpec } from './spec.ts'

const TOKEN = objectOf({ url: someText, token: someText }, ['url', 'token'])

const SOURCE = objectOf({
  closureInfo: filePath,
  store: filePath,
  caches: listOf(text),
  trustedPublicKeys: listOf(text),
  requireSignatures: flag,
  netrcFile: filePath,
  netrcText: text,
  tokenFile: filePath,
  tokens: listOf(TOKEN),
  stallTimeout: wholeNumber(1),
  filesBelow: someText,
  exportFile: filePath,
  narFiles: recordOf(filePath),
})

const ENTRY = { type: oneOf(['file', 'directory', 'symlink']), path: text, uid: number, gid: number, origin: text }
const ENTRIES: Readonly<Record<string, Check>> = {
  file: objectOf({ ...ENTRY, contents: textOrBytes, mode: number }, ['path', 'contents']),
  directory: objectOf({ ...ENTRY, mode: number }, ['path']),
  symlink: objectOf({ ...ENTRY, target: text }, ['path', 'target']),
}

const UNIT = objectOf({ text: textOrBytes, enable: flag, mask: flag, dropIns: recordOf(textOrBytes), origin: text })

const SYSTEMD = objectOf({
  machineId: someText,
  hostname: text,
  locale: text,
  timezone: text,
  resolvConf: oneOf(['stub', 'uplink', 'empty']),
  osRelease: recordOf(text),
  gettys: flag,
  units: recordOf(UNIT),
  presets: recordOf(textOrBytes),
  tmpfiles: recordOf(textOrBytes),
  sysusers: recordOf(textOrBytes),
  origin: text,
})

/** A key that signs. */
export const SIGNING: Check = either(
  value => typeof value === 'object' && value !== null && 'gpg' in value,
  objectOf({ gpg: someText }, ['gpg']),
  objectOf({ keyFile: filePath, passphrase: text, passphraseFile: filePath }, ['keyFile']),
)

const SPEC = objectOf({
  toplevel: filePath,
  roots: listOf(filePath),
  rootOrigins: recordOf(text),
  source: SOURCE,
  entries: listOf(checkEntry),
  name: text,
  system: oneOf(SYSTEMS),
  format: oneOf(FORMATS),
  level: wholeNumber(0, 9),
  arm64Branches: flag,
  systemd: SYSTEMD,
  // The settings themselves check their sections and keys.
  nspawn: either(
    isTextOrBytes,
    textOrBytes,
    recordOf(() => {}),
  ),
  signing: SIGNING,
})

/** Throws `TypeError` and `RangeError` for an invalid spec; `name` is for messages. */
export function checkSpec(value: unknown, name: string): void {
  SPEC(value, name)
  const spec = value as ImageSpec
  const { source = {}, toplevel, roots = [] } = spec
  // A plain tar ignores a level, which a program may set for images of all formats.
  if (foreignOptions(spec).includes('arm64Branches')) {
    throw new RangeError(`${name}.arm64Branches: only tar.xz has them, not ${spec.format}`)
  }
  if (toplevel === undefined && roots.length === 0 && !listsPaths(source)) {
    throw new TypeError(`${name}: nothing to build; give a toplevel, roots, or a source that lists its store paths`)
  }
}

function checkEntry(value: unknown, name: string): void {
  anyObject(value, name)
  const { type } = value as { type?: unknown }
  ENTRY.type(type, `${name}.type`)
  ENTRIES[type as string](value, name)
}
