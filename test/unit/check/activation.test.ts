import { describe, expect, it } from 'vitest'
import type { CheckedEntry } from '../../../src/check/checked-entry.ts'
import { checkArchive } from '../../../src/check/index.ts'
import { build } from '../../../src/index.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { brief, directory, elf, file, findingsOf, program, symlink } from './images.ts'

const TOP = 'nix/store/00000000000000000000000000000000-nixos-system'
const PROFILE = 'nix/var/nix/profiles/system'
const UNITS = `${TOP}/etc/systemd/system`
const GETTY = 'container-getty@.service'

const script = (path: string, lines = '') => program(path, `#!/${TOP}/sh\n${lines}`)
const parents = (path: string) =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, i, names) => directory(names.slice(0, i + 1).join('/')))

/** An image of a NixOS system with these entries in its toplevel and elsewhere. */
function image(...entries: CheckedEntry[]): CheckedEntry[] {
  const all = [
    file('etc/os-release', 'ID=nixos\n'),
    file(`${TOP}/nixos-version`, '25.11'),
    program(`${TOP}/sh`),
    ...entries,
    file('usr/x'),
  ]
  const folders = new Map(all.flatMap(({ path }) => parents(path)).map(folder => [folder.path, folder]))
  return [...folders.values(), ...all]
}
const RULES = ['activation', 'profile', 'container', 'login', 'registration']
const briefsOf = async (entries: CheckedEntry[]) =>
  (await findingsOf(entries)).filter(({ rule }) => RULES.includes(rule) && rule !== 'registration').map(brief)
const messagesOf = async (entries: CheckedEntry[]) => (await findingsOf(entries)).map(({ message }) => message)

const BOOTS = [symlink('sbin/init', `/${PROFILE}/init`), symlink(PROFILE, `/${TOP}`), script(`${TOP}/init`)]

describe('a NixOS system', () => {
  it.each<[string, CheckedEntry[], string[]]>([
    ['that activates itself', BOOTS, []],
    ['started by a script', [script('sbin/init'), ...BOOTS.slice(1)], []],
    [
      'past its profile and another link',
      [symlink('sbin', 'usr/sbin'), symlink('usr/sbin/init', `/${TOP}/init`), ...BOOTS.slice(1)],
      ['warning profile sbin/init'],
    ],
    [
      'whose container-getty@ is masked by the image',
      [...BOOTS, file(`${UNITS}/${GETTY}`), symlink(`etc/systemd/system.control/${GETTY}`, '/dev/null')],
      ['warning login'],
    ],
    [
      'through a generation',
      [BOOTS[0], symlink(PROFILE, 'system-1-link'), symlink(`${PROFILE}-1-link`, `/${TOP}`), BOOTS[2]],
      [],
    ],
    [
      'by prepare-root',
      [
        symlink('sbin/init', `/${PROFILE}/prepare-root`),
        BOOTS[1],
        script(`${TOP}/prepare-root`),
        program(`${TOP}/init`),
      ],
      [],
    ],
    ['past its profile', [symlink('sbin/init', `/${TOP}/init`), ...BOOTS.slice(1)], ['warning profile sbin/init']],
    [
      'whose init is systemd itself',
      [...BOOTS.slice(0, 2), program(`${TOP}/init`), script(`${TOP}/prepare-root`)],
      ['error activation sbin/init'],
    ],
    [
      'that only an initrd activates',
      [...BOOTS.slice(0, 2), program(`${TOP}/init`, elf(62))],
      ['error activation sbin/init'],
    ],
    [
      'without its activation',
      [...BOOTS.slice(0, 2), script(`${TOP}/init`, '$systemConfig/activate\n')],
      ['error activation sbin/init'],
    ],
    ['with an overlay on /etc', [...BOOTS, symlink(`${TOP}/etc-metadata-image`, '/x')], [`error activation ${TOP}`]],
    ['of a host', [...BOOTS, symlink(`${TOP}/kernel`, '/x'), file(`${TOP}/boot.json`)], [`warning container ${TOP}`]],
    ['without container-getty@', [...BOOTS, file(`${UNITS}/a.service`)], ['warning login']],
    ['with container-getty@', [...BOOTS, file(`${UNITS}/${GETTY}`)], []],
    ['whose container-getty@ is masked', [...BOOTS, symlink(`${UNITS}/${GETTY}`, '/dev/null')], ['warning login']],
    ['with container-getty@ elsewhere', [...BOOTS, directory(UNITS), file(`etc/mutable/${GETTY}`)], []],
  ])('%s', async (_, entries, expected) => {
    expect(await briefsOf(image(...entries))).toEqual(expected)
  })

  it('is told which link activates it', async () => {
    const entries = image(...BOOTS.slice(0, 2), program(`${TOP}/init`), script(`${TOP}/prepare-root`))
    expect(await messagesOf(entries)).toContain(
      'starts systemd without activation, so /etc stays empty: link it to /nix/var/nix/profiles/system/prepare-root',
    )
  })
})

describe('the units of a distribution', () => {
  const systemd = [program('usr/lib/systemd/systemd'), directory('usr/lib/systemd/system')]

  it.each<[string, CheckedEntry[], string[]]>([
    ['have container-getty@', [...systemd, file(`usr/lib/systemd/system/${GETTY}`)], []],
    ['lack container-getty@', systemd, ['warning login']],
  ])('%s', async (_, entries, expected) => {
    const others = image().filter(({ path }) => !path.startsWith('nix'))
    expect(await briefsOf([...others, ...entries])).toEqual(expected)
  })
})

describe('an archive', () => {
  const check = async (init?: string) => {
    const { toplevel, source } = createNixosStore(temporaryFolder(), init)
    const folder = temporaryFolder()
    const { image: file, warnings } = await build({ toplevel, source, format: 'tar', name: 'x' }).toFolder(folder)
    const { findings } = await checkArchive(file)
    return { warnings, findings: findings.filter(({ severity }) => severity !== 'note') }
  }

  it('is found to load its registration as its build finds it', async () => {
    const { findings, warnings } = await check()
    expect([findings, warnings]).toEqual([[], []])
  })

  it('is found not to, as its build finds it', async () => {
    const { findings, warnings } = await check('exit 0\n')
    expect(findings.map(brief)).toEqual(['warning registration nix-path-registration'])
    const path = '/nix-path-registration'
    expect(warnings).toEqual([{ code: 'CHECK_REGISTRATION', path, message: `${path}: ${findings[0].message}` }])
  })
})
