import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { define, SpecError } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const HEAD = 'name: web\nclosure: { toplevel: ./result }\n'

/** What is wrong with a declaration, where, and what is said of it. Line 3 is the first behind {@link HEAD}. */
const WRONG: [what: string, yaml: string, message: string][] = [
  // YAML
  ['no YAML', 'name: [', '1:8: not YAML: Flow sequence in block collection must be sufficiently indented'],
  ['a key twice', 'name: a\nname: b\n', '2:1: not YAML: Map keys must be unique'],
  ['a tab', 'name: a\nclosure:\n\ttoplevel: ./result\n', '3:1: not YAML: Tabs are not allowed as indentation'],
  ['a tag', `${HEAD}files: !secret {}\n`, '3:8: not YAML: Unresolved tag: !secret'],
  ['an anchor that is not there', `${HEAD}files: *nowhere\n`, '3:8: not YAML: Unresolved alias'],
  [
    'two documents',
    'name: a\n---\nname: b\n',
    'image.yaml:2:1: a second document begins here, but a declaration is one; ',
  ],
  [
    'a list for a key',
    `${HEAD}files:\n  ? [a]\n  : {}\n`,
    'image.yaml:4:5: give text for a key, not a list, a map or a value with a tag',
  ],
  [
    'a key with a tag',
    `${HEAD}files:\n  !!int 3: {}\n`,
    'image.yaml:4:3: give text for a key, not a list, a map or a value with a tag',
  ],
  [
    'a merge key',
    `${HEAD}files:\n  /a: &x { text: a }\n  /b: { <<: *x, mode: 0600 }\n`,
    'image.yaml:5:9: merge keys (<<) do not work here; write the keys out',
  ],
  [
    'a merge key of YAML 1.1',
    `%YAML 1.1\n---\n${HEAD}files:\n  /a: &x { text: a }\n  /b: { <<: *x }\n`,
    'image.yaml:7:9: merge keys (<<) do not work here; write the keys out',
  ],
  [
    'bytes for text',
    `${HEAD}files:\n  /a: { text: !!binary aGk= }\n`,
    'image.yaml:4:15: the tag !!binary does not work here; leave it out, and name a file for bytes that are no text',
  ],
  ['bytes for a section', `${HEAD}files: !!binary aGk=\n`, 'image.yaml:3:8: the tag !!binary does not work here'],
  [
    'bytes in YAML 1.1',
    `%YAML 1.1\n---\n${HEAD}files: !!binary aGk=\n`,
    'image.yaml:5:8: the tag !!binary does not work',
  ],
  ['a set', `${HEAD}files: !!set { a }\n`, 'image.yaml:3:8: the tag !!set does not work here'],
  // Shape
  ['nothing', '', '1:1: give an object, such as { name: web, closure: { toplevel: ./result } }, not null'],
  ['a list', '- a\n', '1:1: give an object, such as'],
  ['a mistyped key', `${HEAD}sytem: x86_64-linux\n`, '3:1: sytem: no such key; did you mean system?'],
  ['a foreign key', `${HEAD}entrypoint: x\n`, '3:1: entrypoint: no such key; there may be name, system, variables'],
  [
    'a mistyped key inside',
    'closure:\n  topLevel: ./result\n',
    '2:3: closure.topLevel: no such key; did you mean toplevel?',
  ],
  ['a number for a name', 'name: 7\nclosure: { toplevel: ./r }\n', '1:7: name: give a name, such as web, not 7'],
  [
    'a name no machine has',
    'name: a b\nclosure: { toplevel: ./r }\n',
    '1:7: name: "a b" is not a name that machinectl accepts',
  ],
  [
    'an unknown system',
    `${HEAD}system: x86_64\n`,
    '3:9: system: give one of x86_64-linux, aarch64-linux, not "x86_64"',
  ],
  // Closure
  ['no closure', 'name: a\n', '1:1: closure: is empty: give toplevel or roots'],
  ['an empty closure', 'name: a\nclosure: {}\n', '2:10: closure: is empty: give toplevel or roots'],
  ['a root that is no list', 'closure:\n  roots: ./a\n', '2:10: closure.roots: give a list of store paths, not "./a"'],
  [
    'two places',
    'closure:\n  toplevel: ./r\n  caches: ["https://a"]\n  exportFile: ./e\n',
    '2:3: closure: has caches and exportFile: a closure comes from one of them',
  ],
  [
    'a token for no server',
    'closure:\n  toplevel: ./r\n  tokenFile: ./t\n',
    '3:14: closure.tokenFile: is for caches whose URL begins with https://',
  ],
  ['a netrc that is not there', 'closure:\n  toplevel: ./r\n  netrcFile: ./none\n', '/none is not there'],
  [
    'signatures as text',
    'closure:\n  toplevel: ./r\n  requireSignatures: "no"\n',
    '3:22: closure.requireSignatures: give true or false, not "no"',
  ],
  ['an empty list of roots', 'closure:\n  roots: []\n', '2:10: closure.roots: give a list of store paths, not []'],
  [
    'a cache of another kind',
    'closure:\n  toplevel: ./r\n  caches: ["ftp://a"]\n',
    '3:12: closure.caches[0]: give the URL of a binary cache',
  ],
  [
    'a key that is none',
    'closure:\n  toplevel: ./r\n  trustedPublicKeys: [abc]\n',
    '3:23: closure.trustedPublicKeys[0]: give a public key, NAME:BASE64, not "abc"',
  ],
  [
    'an alias in what it stands for',
    `${HEAD}files: &a { /a: *a }\n`,
    '3:17: not YAML: Alias inside of what it stands for: *a',
  ],
  // Variables
  [
    'two keys that become one',
    'variables: { A: x, B: x }\nclosure: { toplevel: ./r }\nfiles: { "/${A}": { text: a }, "/${B}": { text: b } }\n',
    '3:32: files./${B}: comes to /x, which is there already',
  ],
  ['a key of every object', `${HEAD}files: { __proto__: { text: a } }\n`, '3:10: files.__proto__: no such key'],
  [
    'a variable at a key of every object',
    'variables: { A: x }\nclosure: { toplevel: ./r }\nsystemd: { constructor: "${A}" }\n',
    '3:12: systemd.constructor: no such key',
  ],
  [
    'a variable at a setting of every object',
    'variables: { A: x }\nclosure: { toplevel: ./r }\nnspawn: { constructor: { valueOf: "${A}" } }\n',
    '3:11: nspawn.constructor: no such section',
  ],
  [
    'an unknown variable',
    'name: ${NAME}\nclosure: { toplevel: ./r }\n',
    '1:7: name: ${NAME} is no variable; declare it, or write $${NAME} for the text itself',
  ],
  [
    'a mistyped variable',
    'variables: { RELEASE: "1" }\nname: web-${RELAESE}\nclosure: { toplevel: ./r }\n',
    '2:7: name: ${RELAESE} is no variable; did you mean RELEASE?',
  ],
  [
    'a variable without a value',
    'variables:\n  RELEASE: null\nclosure: { toplevel: ./r }\n',
    '2:12: variables.RELEASE: has no value of its own: give --set RELEASE=VALUE',
  ],
  [
    'a number for a variable',
    'variables:\n  RELEASE: 25.05\nclosure: { toplevel: ./r }\n',
    '2:12: variables.RELEASE: give text (numbers in quotes)',
  ],
  // Files
  [
    'a file without contents',
    `${HEAD}files:\n  /etc/a: {}\n`,
    '4:11: files./etc/a: is empty: give its contents as text, or as file',
  ],
  [
    'a file with both',
    `${HEAD}files:\n  /etc/a: { text: a, file: ./a }\n`,
    '4:11: files./etc/a: has both text and file: give one of them',
  ],
  [
    'text for a file',
    `${HEAD}files:\n  /etc/a: hello\n`,
    '4:11: files./etc/a: give { text: … } or { file: … }, not "hello"',
  ],
  [
    'a relative path',
    `${HEAD}files:\n  etc/a: { text: a }\n`,
    '4:3: files.etc/a: give an absolute path in the image, such as /etc/motd',
  ],
  [
    'a path that leads out',
    `${HEAD}files:\n  /etc/../a: { text: a }\n`,
    '4:14: files./etc/../a: "/etc/../a": give an absolute path',
  ],
  [
    'a mode in words',
    `${HEAD}files:\n  /etc/a: { text: a, mode: u=rw }\n`,
    '4:28: files./etc/a.mode: give permission bits as octal digits, such as 0644',
  ],
  [
    'a mode that is not octal',
    `${HEAD}files:\n  /etc/a: { text: a, mode: 0689 }\n`,
    '4:28: files./etc/a.mode: give permission bits as octal digits',
  ],
  [
    'an owner by name',
    `${HEAD}files:\n  /etc/a: { text: a, owner: "root:root" }\n`,
    '4:29: files./etc/a.owner: give UID:GID in numbers below 65536',
  ],
  [
    'an owner without a group',
    `${HEAD}files:\n  /etc/a: { text: a, owner: 1000 }\n`,
    '4:29: files./etc/a.owner: give UID:GID in numbers below 65536 (importers ignore names), such as 1000:100, not 1000',
  ],
  [
    'a file with a slash at its end',
    `${HEAD}files:\n  /etc/a/: { text: a }\n`,
    '4:3: files./etc/a/: is a file, and only paths of directories may end in "/"; leave it out',
  ],
  [
    'a link with a slash at its end',
    `${HEAD}links:\n  /etc/a/: b\n`,
    '4:3: links./etc/a/: is a symlink, and only paths of directories may end in "/"; leave it out',
  ],
  ['the root as a directory', `${HEAD}directories:\n  //: {}\n`, 'directories.//: '],
  [
    'an owner out of range',
    `${HEAD}files:\n  /etc/a: { text: a, owner: "70000:0" }\n`,
    '4:11: files./etc/a: /etc/a: a uid is a whole number below 65536, not 70000',
  ],
  ['a file that is not there', `${HEAD}files:\n  /etc/a: { file: ./none }\n`, '4:19: files./etc/a.file: '],
  ['a folder for a file', `${HEAD}files:\n  /etc/a: { file: ./folder }\n`, '/folder is not a file'],
  ['a file for an overlay', `${HEAD}overlays:\n  /etc: { folder: ./file }\n`, '/file is not a folder'],
  [
    'an overlay as text',
    `${HEAD}overlays:\n  /etc: ./folder\n`,
    '4:9: overlays./etc: give { folder: … }, or a list of these, not "./folder"',
  ],
  [
    'a mistyped overlay',
    `${HEAD}overlays:\n  /etc: { folders: ./folder }\n`,
    '4:11: overlays./etc.folders: no such key; did you mean folder?',
  ],
  [
    'a pipe in an overlay',
    `${HEAD}overlays:\n  /etc: { folder: ./odd }\n`,
    'is neither file, folder nor symlink; remove it',
  ],
  ['a link to nothing', `${HEAD}links:\n  /etc/a: ""\n`, '4:11: links./etc/a: give what the link points to, not ""'],
  // systemd
  [
    'an odd machine ID',
    `${HEAD}systemd: { machineId: abc }\n`,
    '3:23: systemd.machineId: give uninitialized, missing, empty, or an ID of 32 lower-case hex digits',
  ],
  [
    'an odd host name',
    `${HEAD}systemd: { hostname: a_b }\n`,
    '3:22: systemd.hostname: give a host name of up to 64 letters',
  ],
  ['an odd time zone', `${HEAD}systemd: { timezone: ../x }\n`, '3:22: systemd.timezone: give the name of a time zone'],
  [
    'an odd resolv.conf',
    `${HEAD}systemd: { resolvConf: host }\n`,
    '3:24: systemd.resolvConf: give one of stub, uplink, empty, not "host"',
  ],
  [
    'an odd field of os-release',
    `${HEAD}systemd: { osRelease: { id: x } }\n`,
    '3:23: systemd.osRelease: give a field of os-release a name of capital letters',
  ],
  [
    'a name that is no unit',
    `${HEAD}systemd:\n  units:\n    web: { enable: true }\n`,
    '5:10: systemd.units.web: "web" is not the name of a unit',
  ],
  [
    'a unit that says nothing',
    `${HEAD}systemd:\n  units:\n    a.service: {}\n`,
    '5:16: systemd.units.a.service: says nothing: give text or file, enable, mask or dropIns',
  ],
  [
    'a masked unit with text',
    `${HEAD}systemd:\n  units:\n    a.service: { mask: true, text: x }\n`,
    '5:16: systemd.units.a.service: is masked, so',
  ],
  [
    'a unit that is none',
    `${HEAD}systemd:\n  units:\n    a.service: { text: "x" }\n`,
    '5:16: systemd.units.a.service: a.service line 1',
  ],
  [
    'a drop-in with another name',
    `${HEAD}systemd:\n  units:\n    a.service: { dropIns: { x: { text: "" } } }\n`,
    '5:29: systemd.units.a.service.dropIns.x: a drop-in has a name that ends in .conf',
  ],
  [
    'a drop-in that is none',
    `${HEAD}systemd:\n  units:\n    a.service: { dropIns: { a.conf: { text: garbage } } }\n`,
    '5:37: systemd.units.a.service.dropIns.a.conf: a.conf line 1',
  ],
  // nspawn
  ['an unknown section', `${HEAD}nspawn:\n  Net: { Private: true }\n`, '4:3: nspawn.Net: '],
  ['a key in lower case', `${HEAD}nspawn:\n  Network: { virtualethernet: false }\n`, 'did you mean VirtualEthernet?'],
  [
    'a switch with a word',
    `${HEAD}nspawn:\n  Network: { VirtualEthernet: sometimes }\n`,
    '4:31: nspawn.Network.VirtualEthernet: ',
  ],
  // The rest
  [
    'branches of another format',
    `${HEAD}compression: { format: tar.gz, arm64Branches: true }\n`,
    '3:47: compression.arm64Branches: is for tar.xz, not tar.gz',
  ],
  [
    'a level for a tar',
    `${HEAD}compression: { format: tar, level: 3 }\n`,
    '3:36: compression.level: a tar is not compressed',
  ],
  [
    'an unknown format',
    `${HEAD}compression: { format: zip }\n`,
    '3:24: compression.format: give one of tar.xz, tar, tar.gz, tar.zst, not "zip"',
  ],
  [
    'a level that is too high',
    `${HEAD}compression: { level: 10 }\n`,
    '3:23: compression.level: give a whole number from 0 to 9, not 10',
  ],
  ['two who sign', `${HEAD}signing: { keyFile: a, gpg: b }\n`, '3:10: signing: needs one of keyFile and gpg'],
  [
    'a passphrase for gpg',
    `${HEAD}signing: { gpg: b, passphraseFile: ./file }\n`,
    '3:36: signing.passphraseFile: is for key',
  ],
]

describe('define refuses', () => {
  it.each(WRONG)('%s', async (_, yaml, message) => {
    const error = await problemsOf(yaml)
    expect(error).toBeInstanceOf(SpecError)
    expect(error.message).toContain(message)
    for (const { position } of (error as SpecError).problems) expect(position).toBeDefined()
  })

  it('everything that is wrong at once, in the order of the lines', async () => {
    const yaml = `${HEAD}sytem: a\nlinks: { a: b }\ncompression: { level: x }\n`
    const { problems } = (await problemsOf(yaml)) as SpecError
    expect(problems.map(({ position }) => position?.line)).toEqual([3, 4, 5])
  })

  it('a file that is not there, and says how to make one', async () => {
    const file = join(temporaryFolder(), 'image.yaml')
    await expect(define(file)).rejects.toMatchObject({
      ...{ code: 'DECLARATION_UNREADABLE', message: `${file}: is not there; nspawn-rootfs init makes one` },
    })
  })

  it('a file that is no UTF-8', async () => {
    const file = join(temporaryFolder(), 'image.yaml')
    writeFileSync(file, Buffer.from('name: b\xe4r\n', 'latin1'))
    await expect(define(file)).rejects.toMatchObject({ message: `${file}: is not UTF-8` })
  })

  it('a variable to be set that is not declared', async () => {
    const error = await problemsOf('variables: { RELEASE: "1" }\nclosure: { toplevel: ./r }\n', { RELESE: '2' })
    expect(error.message).toContain('1:12: variables: RELESE is set, but not declared; did you mean RELEASE?')
  })
})

async function problemsOf(yaml: string, set?: Record<string, string>): Promise<Error> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'image.yaml'), yaml)
  writeFileSync(join(folder, 'file'), 'x')
  mkdirSync(join(folder, 'folder'))
  mkdirSync(join(folder, 'odd'))
  symlinkSync('/dev/null', join(folder, 'odd/link'))
  const { execFileSync } = await import('node:child_process')
  execFileSync('mkfifo', [join(folder, 'odd/pipe')])
  return define(join(folder, 'image.yaml'), { set }).then(
    () => new Error('it was read'),
    (error: Error) => error,
  )
}
