import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collectNars } from '../../../src/cli/usage.ts'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

describe('wrong usage ends with 2 and says why', () => {
  it.each<[string, string[], RegExp]>([
    ['no command', [], /Usage/],
    ['an unknown command', ['bild'], /bild/],
    ['an unknown option', ['build', '--tarball'], /unknown option '--tarball'/],
    ['an option without its value', ['build', '--root'], /argument missing/],
    [
      'nothing to build',
      ['build'],
      /nothing to build: give a FILE, --toplevel or --root, or --closure-info, --export or --nar/,
    ],
    [
      'two folders to take a store from',
      ['build', '--root', 'x', '--store', 'a', '--store', 'b'],
      /one folder, or one or more URLs/,
    ],
    [
      'a folder and a cache',
      ['build', '--root', 'x', '--store', 'a', '--store', 'https://b'],
      /one folder, or one or more URLs/,
    ],
    ...['dir=x', 'shared', 'verify'].map((option): [string, string[], RegExp] => [
      `no cache, and --cache-${option}`,
      ['build', '--root', 'x', '--no-cache', `--cache-${option}`],
      /^nspawn-rootfs: --cache-\w+ and --no-cache: give one of them\n$/,
    ]),
    ['a cache and a closureInfo', ['build', '--closure-info', 'x', '--store', 'https://b'], /comes from one of them/],
    [
      'an export and a NAR',
      ['build', '--export', 'x', '--nar', '/nix/store/a=b'],
      /--export and --nar: a closure comes from one/,
    ],
    ['a NAR without its file', ['build', '--nar', '/nix/store/a='], /a store path, "=" and the file/],
    ['a token without a cache', ['build', '--root', 'x', '--token-file', 'y'], /--token-file: is for a --store URL/],
    [
      'a token for caches that are all on disk',
      ['build', '--root', 'x', '--store', 'file:///x', '--token-file', 'y'],
      /--token-file: is for a --store URL that begins with https:/,
    ],
    ['a netrc that is not there', ['build', '--root', 'x', '--netrc-file', '/nowhere'], /--netrc-file: .*\/nowhere/],
    ['an argument too many', ['build', '--root', 'x', 'y', 'z'], /too many arguments/],
    ['a level that there is not', ['build', '--root', 'x', '--level', '10'], /from 0 to 9/],
    ['a level that is no number', ['build', '--root', 'x', '--level', '6x'], /from 0 to 9/],
    ['no worker', ['build', '--root', 'x', '--workers', '0'], /from 1 to 256/],
    ['an unknown format', ['build', '--root', 'x', '--format', 'zip'], /tar\.xz, tar, tar\.gz, tar\.zst/],
    ['an unknown system', ['build', '--root', 'x', '--system', 'riscv64-linux'], /x86_64-linux, aarch64-linux/],
    ['two places for the image', ['build', '--root', 'x', '--stdout', '--out', 'y'], /--stdout and --out/],
    ['settings beside a stream', ['build', '--root', 'x', '--stdout', '--nspawn', 'y'], /--stdout/],
    [
      'ARM64 branches elsewhere',
      ['build', '--root', 'x', '--format', 'tar.gz', '--arm64-branches'],
      /is for --format tar.xz/,
    ],
    ['a level for a plain tar', ['build', '--root', 'x', '--format', 'tar', '--level', '1'], /not compressed/],
    ['a name that systemd refuses', ['build', '--root', 'x', '--name', 'a b'], /not a name that machinectl accepts/],
    ['a host that is empty', ['serve', '--host', ''], /give an address, such as 127\.0\.0\.1/],
    ['a closure that is too small', ['bench', '--size', '5'], /--size: give at least 1MB/],
    [
      'no URL of a cache',
      ['build', '--root', 'x', '--store', 'http://u:secret@['],
      /^nspawn-rootfs: --store: not a valid URL; give a folder, or a URL such as \S+$/m,
    ],
    ...['http://', 'http://[::1/x.tar', 'HTTPS://'].flatMap(url =>
      [
        ['check', url],
        ['ls', url],
        ['diff', 'x', url],
        ['ls', 'x', '--manifest', url],
      ].map((args): [string, string[], RegExp] => [
        `no URL: ${args.join(' ')}`,
        args,
        /give a path, or a URL such as https:/,
      ]),
    ),
    ['no URL, with a password', ['ls', 'http://u:secret@['], /^error: command-argument value 'http:\/\/\[' is invalid/],
    [
      'control characters',
      ['serve', '--port', '\u001b[2J'],
      /^error: option '--port <N>' argument '\\x1b\[2J' is invalid/,
    ],
    [
      'no name, but a URL with a password',
      ['build', '--root', 'x', '--name', "https://u:se'cret@h/x?sig=secret"],
      /^error: option '--name <NAME>' argument 'https:\/\/h\/x\?\.\.\.' is invalid\. "https:\/\/h\/x\?\.\.\." is not a name/,
    ],
    ['an image on no web server', ['pull', 'ftp://x/web.tar.xz'], /give the URL of an image on a web server/],
    ['an image on disk', ['pull', 'x/web.tar.xz'], /give the URL of an image on a web server/],
    ...[
      ['ls', '-'],
      ['cat', '-', 'x'],
      ['sizes', '-'],
      ['sbom', '-'],
      ['extract', '-', '--to', 'x'],
      ['diff', 'x', '-'],
    ].map((args): [string, string[], RegExp] => [
      `${args[0]} of standard input`,
      args,
      /only check reads standard input; give a path or URL/,
    ]),
    ...[
      ['build', '--root', 'x', '--out', '-'],
      ['build', '-'],
      ['extract', 'x', '--to', '-'],
      ['pull', 'https://example.org/x.tar', '--dir', '-'],
      ['ls', 'x', '--manifest', '-'],
      ['key', 'generate', '--out', '-'],
    ].map((args): [string, string[], RegExp] => [
      `a path that is no stream: ${args.join(' ')}`,
      args,
      /^error: .*'-' is invalid.* give a path; that of a file with this name is \.\/-$/m,
    ]),
    ...[
      ['sizes', 'x', '--html', '-', '--json'],
      ['sizes', 'x', '--html', '/dev/stdout', '--why', 'x'],
      ['diff', 'x', 'y', '--html', '-', '--markdown'],
    ].map((args): [string, string[], RegExp] => [
      `a page and more on standard output: ${args.join(' ')}`,
      args,
      /^nspawn-rootfs: --html \S+ and --\w+: give one of them, or a file for the page$/m,
    ]),
    [
      'a folder for settings',
      ['build', '--root', 'x', '--nspawn', '/'],
      /^nspawn-rootfs: --nspawn: \/: it is a folder; give a file that you can read$/m,
    ],
    ['settings that are missing', ['build', '--root', 'x', '--nspawn', '/nowhere'], /--nspawn: .*no such file/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stdout.toString()).toBe('')
    expect(code).toBe(2)
  })
})

describe('what is asked for ends with 0', () => {
  it('--version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
    expect(await runCommand(['--version'])).toMatchObject({ code: 0, stdout: Buffer.from(`${version}\n`), stderr: '' })
  })

  it.each([[['--help']], [['build', '--help']]])('%s', async args => {
    const { code, stdout, stderr } = await runCommand(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.toString()).toMatch(/^Usage: nspawn-rootfs/)
    if (args.includes('build')) expect(stdout.toString()).toMatch(/Exit codes: 0 done, 1 failed .*, 2 wrong usage/)
  })
})

describe('--nar PATH=FILE', () => {
  const path = `/nix/store/${'0'.repeat(32)}-name`
  it.each<[string, readonly string[], readonly [string, string]]>([
    ['the first "="', [], [path, 'x.nar']],
    ['the first "=", if nothing is there', [], [path, 'b=c=x.nar']],
    ['the "=" in the file', ['b=c.nar'], [path, 'b=c.nar']],
    ['the "=" in the file of a folder', ['a=b/c.nar'], [path, 'a=b/c.nar']],
    ['the "=" in the path', ['x.nar'], [`${path}=b`, 'x.nar']],
    ['the "=" at the end of the path', ['x.nar'], [`${path}=`, 'x.nar']],
    ['the "=" of both', ['c=x.nar'], [`${path}=b`, 'c=x.nar']],
    ['the last of two files', ['x.nar', 'b=x.nar'], [`${path}=b`, 'x.nar']],
    ['a "=" in the folder of the store', [], [`/a=b${path}`, 'x.nar']],
    ['what is no store path', [], ['/nix/store/a', 'b=c']],
  ])('is split by %s', (_, files, [path, file]) => {
    const before = process.cwd()
    process.chdir(temporaryFolder())
    try {
      mkdirSync('a=b')
      for (const file of files) writeFileSync(file, '')
      expect(collectNars(`${path}=${file}`)).toEqual([[path, file]])
      // No store path has a "/" in its name: nothing else can be meant.
      expect(collectNars(`/nix/store/${'0'.repeat(32)}-name=/b=c`)).toEqual([
        [`/nix/store/${'0'.repeat(32)}-name`, '/b=c'],
      ])
    } finally {
      process.chdir(before)
    }
  })
})
