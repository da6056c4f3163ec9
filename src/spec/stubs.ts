import { utf8Text } from '../bytes/index.ts'
import {
  checkUnitName,
  hostnameText,
  localeText,
  localtimeTarget,
  machineIdText,
  osReleaseText,
  parseUnitFile,
  type SystemdStubs,
  type UnitStub,
} from '../systemd/index.ts'
import type { Context } from './context.ts'
import type { Declaration } from './declaration.ts'
import { contentsOf } from './entries.ts'

type Content = { text?: string; file?: string }

/** The part of a declaration about systemd, with the contents of the files that it names. */
export async function stubsOf({ systemd, closure }: Declaration, context: Context): Promise<SystemdStubs | undefined> {
  // A NixOS system is to boot: it gets what is there by default.
  if (systemd === undefined) return closure?.toplevel === undefined ? undefined : {}
  const { units = {}, presets, tmpfiles, sysusers, ...rest } = systemd
  const at = (...path: PropertyKey[]) => ['systemd', ...path]
  const textsOf = async (files: Record<string, Content> | undefined, path: readonly PropertyKey[]) => {
    if (files === undefined) return undefined
    const texts: Record<string, string | Uint8Array> = {}
    for (const [name, content] of Object.entries(files)) {
      texts[name] = (await contentsOf(content, [...path, name], context)) ?? ''
    }
    return texts
  }
  await checkTexts(systemd, context)
  const stubs: Record<string, UnitStub> = {}
  for (const [name, { text, file, dropIns, ...unit }] of Object.entries(units)) {
    const path = at('units', name)
    await context.attempt(path, () => checkUnitName(name))
    const own = text !== undefined || file !== undefined
    if (unit.mask && (own || unit.enable || dropIns)) {
      context.report(path, 'is masked, so it has no contents, is not enabled and has no drop-ins; leave them out')
    }
    if (!own && unit.enable === undefined && unit.mask === undefined && dropIns === undefined) {
      context.report(path, 'says nothing: give text or file, enable, mask or dropIns')
    }
    const contents = own ? await contentsOf({ text, file }, path, context) : undefined
    await context.attempt(path, () => contents !== undefined && parseUnitFile(utf8Text(contents), name))
    const changes = await textsOf(dropIns, [...path, 'dropIns'])
    for (const [file, change] of Object.entries(changes ?? {})) {
      await context.attempt([...path, 'dropIns', file], () => parseUnitFile(utf8Text(change), file))
    }
    stubs[name] = {
      ...unit,
      ...(own && { text: contents ?? '' }),
      ...(changes && { dropIns: changes }),
      origin: context.originOf(path),
    }
  }
  return {
    ...rest,
    units: stubs,
    presets: await textsOf(presets, at('presets')),
    tmpfiles: await textsOf(tmpfiles, at('tmpfiles')),
    sysusers: await textsOf(sysusers, at('sysusers')),
    origin: context.originOf(['systemd']),
  }
}

/** Checks what systemd will read, here where it is known where it stands. */
async function checkTexts(systemd: NonNullable<Declaration['systemd']>, context: Context): Promise<void> {
  const { machineId, hostname, locale, timezone, osRelease } = systemd
  const check = (field: string, format: () => unknown) => context.attempt(['systemd', field], format)
  await check('machineId', () => machineId && machineIdText(machineId))
  await check('hostname', () => hostname && hostnameText(hostname))
  await check('locale', () => locale && localeText(locale))
  await check('timezone', () => timezone && localtimeTarget(timezone))
  await check('osRelease', () => osRelease && osReleaseText(osRelease))
}
