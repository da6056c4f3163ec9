import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileChange, ImageDiff, PackageChange } from '../../../../src/report/index.ts'
import { describeFileChange, diffSections, formatDiffMarkdown } from '../../../../src/report/index.ts'

const IMAGE = { size: 1000, bytesRead: 10, storePaths: 3, narSize: 5000 }
const NONE = { changes: [], omitted: 0 }

function diffOf(parts: Partial<ImageDiff>): ImageDiff {
  return { isSame: false, old: IMAGE, new: IMAGE, packages: [], files: NONE, configuration: NONE, ...parts }
}

function packageOf(name: string, parts: Partial<PackageChange> = {}): PackageChange {
  const sizes = { oldNarSize: 100, newNarSize: 1_300_100, oldFileSize: 10, newFileSize: 5 }
  const paths = { oldPaths: [], newPaths: [] }
  return { name, kind: 'upgraded', oldVersions: ['1'], newVersions: ['2'], ...paths, ...sizes, ...parts }
}

function fileOf(path: string, parts: Partial<FileChange> = {}): FileChange {
  const state = { type: 'file', mode: 0o644, uid: 0, gid: 0, size: 5 } as const
  return { path, kind: 'changed', aspects: ['contents'], old: state, new: { ...state, size: 9 }, ...parts }
}

/** What Markdown takes for its own outside of fences, in what is left without our tags and references. */
function markupIn(text: string): string[] {
  const lines = text.split('\n')
  const outside: string[] = []
  let fence: string | undefined
  for (const line of lines) {
    const run = /^ {0,3}(`{3,})(.*)$/.exec(line)
    if (fence === undefined && run) fence = run[1]
    else if (fence !== undefined && run && run[1]!.length >= fence.length && run[2]!.trim() === '') fence = undefined
    else if (fence === undefined) outside.push(line)
  }
  expect(fence).toBeUndefined()
  const inline = outside
    .join('\n')
    .replaceAll(/<code>([^<>]*)<\/code>/g, '$1')
    .replaceAll(/&#\d+;/g, '')
  return inline.match(/[<>`*_[\]\\&~@#]|www\.|:\/\//g) ?? []
}

describe('a difference as Markdown', () => {
  it('has a line, a table and folded details', () => {
    const text = formatDiffMarkdown(
      diffOf({
        packages: [packageOf('nginx'), packageOf('web', { kind: 'rebuilt', oldVersions: [], newVersions: [] })],
        configuration: {
          changes: [fileOf('/etc/systemd/system/a.service', { diff: '@@ -1 +1 @@\n-a\n+b' })],
          omitted: 0,
        },
        files: { changes: [fileOf('/etc/motd', { isOnlyDigests: true })], omitted: 2 },
      }),
    )
    expect(text).toBe(`**Packages: 1 upgraded, 1 rebuilt; units: 1; files: 3** (image ±0 B, unpacked store ±0 B)

| package | change | old | new | unpacked | in the file |
|---|---|---|---|--:|--:|
| <code>nginx</code> | upgraded | <code>1</code> | <code>2</code> | +1.30 MB | −5 B |

<details><summary>Rebuilt in the same version (1)</summary>

| package | change | old | new | unpacked | in the file |
|---|---|---|---|--:|--:|
| <code>web</code> | rebuilt | – | – | +1.30 MB | −5 B |

</details>

<details><summary>Units of the system (1)</summary>

- changed <code>/etc/systemd/system/a.service</code>: +4 B

\`\`\`diff
@@ -1 +1 @@
-a
+b
\`\`\`

</details>

<details><summary>Files outside of store paths (2, 0 shown)</summary>

2 more files are not shown.

1 more differ only in the hashes of store paths.

</details>
`)
    expect(formatDiffMarkdown(diffOf({ isSame: true }))).toBe('**Nothing differs.**\n')
  })

  it('says of a file that came or went what the command says, with the targets of links as code', () => {
    const owned = { type: 'file', mode: 0o644, uid: 1000, gid: 1000, size: 7 } as const
    const changes = [
      fileOf('/etc/new', { kind: 'added', aspects: [], old: undefined, new: owned, withoutDiff: 'binary' }),
      fileOf('/etc/gone', { kind: 'removed', aspects: [], old: { ...owned, uid: 0, gid: 0 }, new: undefined }),
      fileOf('/etc/link', {
        kind: 'added',
        aspects: [],
        old: undefined,
        new: { ...owned, type: 'symlink', mode: 0o777, size: 0, target: 'a*b' },
      }),
      fileOf('/dev/x', {
        kind: 'added',
        aspects: [],
        old: undefined,
        new: { ...owned, type: 'character-device', device: '1,3' },
      }),
      fileOf('/srv', { kind: 'added', aspects: [], old: undefined, new: { ...owned, type: 'directory', mode: 0o755 } }),
      fileOf('/etc/other', {
        aspects: ['target', 'owner'],
        old: { ...owned, type: 'symlink', target: '<a>' },
        new: { ...owned, type: 'symlink', target: 'b', uid: 0 },
      }),
    ]
    const text = formatDiffMarkdown(diffOf({ files: { changes, omitted: 0 } }))
    expect(text.split('\n').filter(line => line.startsWith('- '))).toEqual([
      '- added <code>/etc/new</code>: 7 B, mode 0644, owner 1000:1000, binary',
      '- removed <code>/etc/gone</code>: 7 B, mode 0644',
      '- added <code>/etc/link</code>: symlink → <code>a&#42;b</code>, owner 1000:1000',
      '- added <code>/dev/x</code>: character-device 1,3, mode 0644, owner 1000:1000',
      '- added <code>/srv</code>: directory, mode 0755, owner 1000:1000',
      '- changed <code>/etc/other</code>: target <code>&#60;a&#62;</code> → <code>b</code>, owner 1000:1000 → 0:1000',
    ])
    const described = changes.slice(0, 5).map(change => describeFileChange(change))
    expect(described).toEqual([
      '7 B, mode 0644, owner 1000:1000, binary',
      '7 B, mode 0644',
      'symlink → a*b, owner 1000:1000',
      'character-device 1,3, mode 0644, owner 1000:1000',
      'directory, mode 0755, owner 1000:1000',
    ])
  })

  it('takes nothing out of an image for markup', () => {
    const evil = fc
      .array(
        fc.constantFrom(
          ...[
            '<script>',
            '</details>',
            '</code>',
            '`',
            '```',
            '````',
            '|',
            '\n',
            '\r',
            '@everyone',
            '#1',
            '&lt;',
            '\\',
          ],
          ...[
            '[x](http://y)',
            '![',
            '*',
            '_',
            '~',
            'www.example.org',
            'WWW.x',
            'é',
            '\u202e',
            '\x1b[0m',
            ' ',
            'a',
            '- ',
          ],
        ),
        { maxLength: 8 },
      )
      .map(parts => parts.join(''))
    fc.assert(
      fc.property(evil, evil, evil, (name, path, contents) => {
        const target = { type: 'symlink', mode: 0, uid: 0, gid: 0, size: 0 } as const
        const text = formatDiffMarkdown(
          diffOf({
            packages: [packageOf(name, { oldVersions: [path], newVersions: [contents, ''] })],
            files: {
              changes: [
                fileOf(path, { diff: contents.replaceAll(/^/gm, ' ') }),
                fileOf(name, {
                  aspects: ['target'],
                  old: { ...target, target: name },
                  new: { ...target, target: contents },
                }),
              ],
              omitted: 0,
            },
          }),
        )
        const ours = 1 + 2
        // The bold line and the details are ours.
        const stripped = text
          .replace(/^\*\*(.*)\*\*/, '$1')
          .replaceAll('\n<details><summary>Files outside of store paths (2)</summary>\n\n', '\n')
          .replace(/\n<\/details>\n$/, '\n')
        expect(markupIn(stripped)).toEqual([])
        const table = stripped.split('\n').filter(line => line.startsWith('| '))
        expect(table).toHaveLength(ours - 1)
        for (const row of table) expect(row.match(/\|/g)).toHaveLength(7)
      }),
      { numRuns: 500 },
    )
  })

  it('has one number of files that differ, and one of those that are not shown', () => {
    const changes = Array.from({ length: 2000 }, (_, i) => fileOf(`/srv/${1000 + i}`))
    const text = formatDiffMarkdown(diffOf({ files: { changes, omitted: 1017 } }))
    const [, shown] = /<summary>Files outside of store paths \(3017, (\d+) shown\)<\/summary>/.exec(text) ?? []
    expect(text.match(/^- changed /gm)).toHaveLength(Number(shown))
    expect(text.match(/^.* more .*$/gm)).toEqual([`${3017 - Number(shown)} more files are not shown.`])
    expect(text).toMatch(/^\*\*files: 3017\*\* /)
  })

  it('fits into a comment', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, i) => `+${i}`).join('\n')
    const many = Array.from({ length: 100 }, (_, i) => fileOf(`/etc/systemd/${i}<>`, { diff: lines(1500) }))
    const packages = Array.from({ length: 1000 }, (_, i) => packageOf(`p${i}`, { kind: i % 2 ? 'rebuilt' : 'added' }))
    const all = {
      changes: [...many, fileOf('<'.repeat(60_000)), ...many.map(each => ({ ...each, path: '/b' }))],
      omitted: 0,
    }
    const text = formatDiffMarkdown(diffOf({ packages, configuration: all, files: all, settings: many[0]! }))
    expect(text.length).toBeLessThan(60_000)
    expect(text.match(/more files are not shown\.$/gm)).toHaveLength(3)
    expect(text.match(/more packages are not shown\.$/gm)).toHaveLength(2)
    expect(text).toContain('\n…\n```\n')
  })
})

describe('the sections of a difference', () => {
  it('leave out the registration, where packages tell the same', () => {
    const files = { changes: [fileOf('/nix-path-registration', { withoutDiff: 'registration' })], omitted: 0 }
    expect(diffSections(diffOf({ files, packages: [packageOf('a')] })).files).toEqual([])
    expect(diffSections(diffOf({ files })).files).toMatchObject([{ name: 'files', changes: files.changes }])
  })
})
