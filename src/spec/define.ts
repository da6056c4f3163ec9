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
import { stubsOf } from './stubs.ts'
import { substitute, variablesOf } from './variables.ts'

/** What a declaration needs besides what stands in it. */
export interface DeclarationOptions {
  /** Values of variables, instead of those in the declaration. */
  readonly set?: Readonly<Record<string, string>>
}

/**
 * Reads a declaration from a YAML file. Paths in it are relative to its folder. Throws `SpecError`
 * DECLARATION_UNREADABLE, and DECLARATION_INVALID with every problem and where it stands.
 */
export async function readImageFile(file: string, options: DeclarationOptions = {}): Promise<ImageSpec> {
  const folder = dirname(resolve(file))
  const text = await readText(file)
  // What reads YAML is loaded for those who have some.
  const { parseYaml } = await import('./yaml.ts')
  const { value, locate } = parseYaml(text, file)
  return specOf(value, createContext(folder, locate), options)
}

/**
 * Makes a spec of a declaration: the same as of the YAML that says it. Paths in it are relative to `folder`, by default
 * the current one. Throws `SpecError` DECLARATION_INVALID with every problem.
 */
export function defineImage(
  declaration: ImageDeclaration,
  options: DeclarationOptions & { readonly folder?: string } = {},
): Promise<ImageSpec> {
  return specOf(declaration, createContext(resolve(options.folder ?? '.')), options)
}

async function specOf(value: unknown, context: Context, { set = {} }: DeclarationOptions): Promise<ImageSpec> {
  const variables = variablesOf(value, set, context)
  const substituted = substitute(value, variables, context)
  // What a variable should have stood for cannot be judged.
  throwProblems(context)
  const { validateShape } = await import('./validate.ts')
  const declaration = validateShape(substituted, context)
  throwProblems(context)
  const spec = await partsOf(declaration!, context)
  throwProblems(context)
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
  if (gpg !== undefined) return { gpg }
  const passphrase = await readTextBeside(passphraseFile, ['signing', 'passphraseFile'], context)
  return { keyFile: context.resolve(key ?? ''), passphrase: passphrase?.replace(/\n$/, '') }
}

function throwProblems({ problems }: Context): void {
  if (problems.length === 0) return
  const lineOf = ({ position }: (typeof problems)[number]) => position?.line ?? 0
  throw new SpecError(
    'DECLARATION_INVALID',
    problems.toSorted((a, b) => lineOf(a) - lineOf(b)),
  )
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
