import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileOrUrl, filePath, flag, listOf, objectOf, recordOf, resolvePath, someText, text } from '../arguments.ts'
import { foreignOptions } from '../compression.ts'
import { DescriptorsError, withDescriptor } from '../descriptors.ts'
import type { ImageSpec } from '../plan/index.ts'
import type { SigningKey } from '../signing/index.ts'
import { checkImageName, settingsProblems } from '../systemd/index.ts'
import { closureOf } from './closure.ts'
import { type Context, createContext, readTextBeside } from './context.ts'
import type { ImageDeclaration } from './declaration.generated.ts'
import type { Declaration } from './declaration.ts'
import { entriesOf } from './entries.ts'
import { SpecError } from './errors.ts'
import { createRestriction, type RestrictionOptions } from './restriction.ts'
import { stubsOf } from './stubs.ts'
import { substitute, variablesOf } from './variables.ts'

/** What a declaration needs besides what stands in it. */
export interface DefineOptions {
  /** The folder that paths in an object are relative to. Default: the current one. Those in a file are to its own. */
  readonly folder?: string | URL
  /** Values of variables, instead of those in the declaration. */
  readonly set?: Readonly<Record<string, string>>
  /** Keeps a declaration that is not trusted to some files and servers. Default: it may name any. */
  readonly restrict?: RestrictionOptions
  /** Whether store paths are added to the spec later, so that none need be declared. Default false. */
  readonly allowNoClosure?: boolean
}

const checkOptions = objectOf({
  folder: fileOrUrl,
  set: recordOf(text),
  restrict: objectOf({ folder: filePath, servers: listOf(someText) }, ['folder']),
  allowNoClosure: flag,
})

/**
 * Makes a spec of a declaration: a YAML file, given by its path, or an object that says the same. In an object that has no
 * `variables`, nothing is replaced. Rejects with `SpecError` DECLARATION_UNREADABLE, with DECLARATION_INVALID that lists every
 * problem and its place, and with `TypeError` for invalid options.
 */
export async function define(
  declaration: string | URL | ImageDeclaration,
  options: DefineOptions = {},
): Promise<ImageSpec> {
  checkOptions(options, 'options')
  const restriction = options.restrict && createRestriction(options.restrict)
  if (typeof declaration !== 'string' && !(declaration instanceof URL)) {
    const folder = resolvePath(options.folder ?? '.', 'options.folder')
    return specOf(declaration, createContext(folder, undefined, restriction), options)
  }
  const file = resolvePath(declaration, 'declaration')
  const shown = typeof declaration === 'string' ? declaration : file
  const source = await readText(file, shown)
  // What reads YAML is loaded for those who have some.
  const { parseYaml } = await import('./yaml.ts')
  const { value, locate } = parseYaml(source, shown)
  return specOf(value, createContext(dirname(file), locate, restriction), options)
}

async function specOf(value: unknown, context: Context, options: DefineOptions): Promise<ImageSpec> {
  const { set = {}, allowNoClosure = false } = options
  const variables = variablesOf(value, set, context)
  const { readText, validateShape } = await import('./validate.ts')
  const substituted = substitute(value, variables ?? (context.isFile ? new Map() : undefined), context, readText)
  // What a variable should have stood for cannot be judged.
  context.throwProblems()
  const declaration = validateShape(substituted, context)
  context.throwProblems()
  const spec = await partsOf(declaration!, context, allowNoClosure)
  context.throwProblems()
  return withoutAbsent(spec)
}

/** The spec without keys whose value is `undefined`: spread over another spec, they would override its keys. */
function withoutAbsent<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(withoutAbsent) as T
  const present = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(present.map(([key, one]) => [key, withoutAbsent(one)])) as T
}

async function partsOf(declaration: Declaration, context: Context, allowNoClosure: boolean): Promise<ImageSpec> {
  const { name, system, nspawn, compression = {} } = declaration
  for (const { path, message, isAboutName } of nspawn === undefined ? [] : settingsProblems(nspawn)) {
    context.report(['nspawn', ...path], message, isAboutName ? 'key' : 'value')
  }
  for (const option of foreignOptions(compression)) {
    const message = option === 'level' ? 'a tar is not compressed' : `is for tar.xz, not ${compression.format}`
    context.report(['compression', option], message)
  }
  await context.attempt(['name'], () => name && checkImageName(name))
  return {
    name,
    system,
    ...(await closureOf(declaration, context, allowNoClosure)),
    entries: await entriesOf(declaration, context),
    systemd: await stubsOf(declaration, context),
    nspawn,
    ...compression,
    signing: await signingOf(declaration, context),
  }
}

async function signingOf({ signing }: Declaration, context: Context): Promise<SigningKey | undefined> {
  if (signing === undefined) return undefined
  const { keyFile, gpg, passphraseFile } = signing
  if ((keyFile === undefined) === (gpg === undefined)) {
    context.report(['signing'], 'needs one of keyFile and gpg (the name of a key that gpg has)')
  }
  if (gpg !== undefined && passphraseFile !== undefined) {
    context.report(['signing', 'passphraseFile'], 'is for keyFile: gpg asks for passphrases itself')
  }
  if (gpg !== undefined) {
    await context.attempt(['signing', 'gpg'], context.checkGpg)
    return { gpg }
  }
  const passphrase = await readTextBeside(passphraseFile, ['signing', 'passphraseFile'], context)
  const file = await context.attempt(['signing', 'keyFile'], () => context.resolve(keyFile ?? ''))
  return { keyFile: file ?? '', passphrase: passphrase?.replace(/\n$/, '') }
}

async function readText(file: string, shown: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await withDescriptor(() => readFile(file)))
  } catch (error) {
    if (error instanceof DescriptorsError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      ENOENT: 'is not there; nspawn-rootfs init makes one',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8',
    }
    const why = reasons[code ?? ''] ?? `cannot be read (${code})`
    const problem = { path: [], message: `${shown}: ${why}` }
    throw new SpecError('DECLARATION_UNREADABLE', [problem], { cause: error })
  }
}
