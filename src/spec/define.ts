import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ImageSpec } from '../image/index.ts'
import type { SigningKey } from '../signing/index.ts'
import { checkImageName, settingsProblems } from '../systemd/index.ts'
import { closureOf } from './closure.ts'
import { type Context, createContext, readTextBeside } from './context.ts'
import type { Declaration, ImageDeclaration } from './declaration.ts'
import { entriesOf } from './entries.ts'
import { SpecError } from './errors.ts'
import { createRestriction, type RestrictionOptions } from './restriction.ts'
import { stubsOf } from './stubs.ts'
import { substitute, variablesOf } from './variables.ts'

/** What a declaration needs besides what stands in it. */
export interface DeclarationOptions {
  /** Values of variables, instead of those in the declaration. */
  readonly set?: Readonly<Record<string, string>>
  /** Keeps a declaration that is not trusted to some files and servers. Default: it may name any. */
  readonly restrict?: RestrictionOptions
}

/**
 * Reads a declaration from a YAML file. Paths in it are relative to its folder. Throws `SpecError`
 * DECLARATION_UNREADABLE, and DECLARATION_INVALID with every problem and where it stands.
 */
export async function readImageFile(file: string, options: DeclarationOptions = {}): Promise<ImageSpec> {
  const folder = dirname(resolve(file))
  const restriction = options.restrict && createRestriction(options.restrict)
  const text = await readText(file)
  // What reads YAML is loaded for those who have some.
  const { parseYaml } = await import('./yaml.ts')
  const { value, locate } = parseYaml(text, file)
  return specOf(value, createContext(folder, locate, restriction), options)
}

/**
 * Makes a spec of a declaration: the same as of the YAML that says it. Paths in it are relative to `folder`, by default
 * the current one. Throws `SpecError` DECLARATION_INVALID with every problem.
 */
export async function defineImage(
  declaration: ImageDeclaration,
  options: DeclarationOptions & { readonly folder?: string } = {},
): Promise<ImageSpec> {
  const folder = resolve(options.folder ?? '.')
  const restriction = options.restrict && createRestriction(options.restrict)
  return specOf(declaration, createContext(folder, undefined, restriction), options)
}

async function specOf(value: unknown, context: Context, { set = {} }: DeclarationOptions): Promise<ImageSpec> {
  const variables = variablesOf(value, set, context)
  const substituted = substitute(value, variables, context)
  // What a variable should have stood for cannot be judged.
  context.throwProblems()
  const { validateShape } = await import('./validate.ts')
  const declaration = validateShape(substituted, context)
  context.throwProblems()
  const spec = await partsOf(declaration!, context)
  context.throwProblems()
  return spec
}

async function partsOf(declaration: Declaration, context: Context): Promise<ImageSpec> {
  const { name, system, nspawn, compression = {} } = declaration
  for (const { path, message, isAboutName } of nspawn === undefined ? [] : settingsProblems(nspawn)) {
    context.report(['nspawn', ...path], message, isAboutName ? 'key' : 'value')
  }
  const { format = 'tar.xz', level, arm64Branches } = compression
  if (arm64Branches && format !== 'tar.xz')
    context.report(['compression', 'arm64Branches'], `is for tar.xz, not ${format}`)
  if (level !== undefined && format === 'tar') context.report(['compression', 'level'], 'a tar is not compressed')
  await context.attempt(['name'], () => name && checkImageName(name))
  return {
    name,
    system,
    ...(await closureOf(declaration, context)),
    entries: await entriesOf(declaration, context),
    systemd: await stubsOf(declaration, context),
    settings: nspawn,
    ...compression,
    signing: await signingOf(declaration, context),
  }
}

async function signingOf({ signing }: Declaration, context: Context): Promise<SigningKey | undefined> {
  if (signing === undefined) return undefined
  const { key, gpg, passphraseFile } = signing
  if ((key === undefined) === (gpg === undefined)) {
    context.report(['signing'], 'needs one of key (a file) and gpg (the name of a key that gpg has)')
  }
  if (gpg !== undefined && passphraseFile !== undefined) {
    context.report(['signing', 'passphraseFile'], 'is for key: gpg asks for passphrases itself')
  }
  if (gpg !== undefined) {
    await context.attempt(['signing', 'gpg'], context.checkGpg)
    return { gpg }
  }
  const passphrase = await readTextBeside(passphraseFile, ['signing', 'passphraseFile'], context)
  const keyFile = await context.attempt(['signing', 'key'], () => context.resolve(key ?? ''))
  return { keyFile: keyFile ?? '', passphrase: passphrase?.replace(/\n$/, '') }
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(resolve(file)))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reasons: Record<string, string> = {
      ENOENT: 'is not there; nspawn-rootfs init makes one',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8',
    }
    const why = reasons[code ?? ''] ?? `cannot be read (${code})`
    const problem = { path: [], message: `${file}: ${why}` }
    throw new SpecError('DECLARATION_UNREADABLE', [problem], { cause: error })
  }
}
