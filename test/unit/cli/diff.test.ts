import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../command.ts'
import { END_OF_TAR, type RawEntry, rawEntry } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCommand(['diff', ...args])
  return { code, stdout: stdout.toString(), stderr }
}

/** Two images on disk, with the settings of both. */
function twoImages(old: readonly RawEntry[], now: readonly RawEntry[]) {
  const folder = temporaryFolder()
  const files = [join(folder, 'old.tar'), join(folder, 'new.tar')] as const
  for (const [i, entries] of [old, now].entries()) {
    writeFileSync(files[i]!, Buffer.concat([...entries.map(rawEntry), END_OF_TAR]))
  }
  return files
}

describe('nspawn-rootfs diff', () => {
  it('tells images that are the same by its exit code', async () => {
    const [old, now] = twoImages([{ name: 'a', data: 'A' }], [{ name: 'a', data: 'A', mtime: 7 }])
    expect(await run(old, now)).toEqual({ code: 0, stdout: 'Nothing differs.\n', stderr: '' })
  })

  it('shows files and settings that differ', async () => {
    const [old, now] = twoImages(
      [
        { name: 'etc/motd', data: 'one\ntwo\n' },
        { name: 'etc/gone', data: 'x', uid: 1000 },
      ],
      [
        { name: 'etc/motd', data: 'one\n2\n', mode: 0o600 },
        { name: 'etc/\x1b]0;x\x07', data: 'a\x1b[2Jb\n' },
        { name: 'etc/link', type: '2', linkname: 'motd' },
      ],
    )
    writeFileSync(old.replace('.tar', '.nspawn'), '[Exec]\nBoot=yes\n')
    writeFileSync(now.replace('.tar', '.nspawn'), '[Exec]\nBoot=no\n')
    const { code, stdout, stderr } = await run(old, now)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(stdout).toBe(`Files outside of store paths:
  A /etc/\\x1b]0;x\\x07  7 B, mode 0644
    @@ -0,0 +1,1 @@
    +a\\x1b[2Jb
  D /etc/gone  1 B, mode 0644, owner 1000:0
    @@ -1,1 +0,0 @@
    -x
    \\ No newline at end of file
  A /etc/link  symlink → motd
  M /etc/motd  mode 0644 → 0600, 8 B → 6 B
    @@ -1,2 +1,2 @@
     one
    -two
    +2

Settings of systemd-nspawn:
  M settings  16 B → 15 B
    @@ -1,2 +1,2 @@
     [Exec]
    -Boot=yes
    +Boot=no
`)
  })

  it('prints JSON and Markdown', async () => {
    const [old, now] = twoImages([{ name: 'a', data: 'A\n' }], [{ name: 'a', data: 'B\n' }])
    const json = await run('--json', old, now)
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      isSame: false,
      old: { size: 2048, bytesRead: expect.any(Number), storePaths: 0 },
      packages: [],
      files: { changes: [{ path: '/a', kind: 'changed', aspects: ['contents'], diff: '@@ -1,1 +1,1 @@\n-A\n+B' }] },
    })
    const markdown = await run('--markdown', old, now)
    expect(markdown.code).toBe(1)
    expect(markdown.stdout).toMatch(/^\*\*files: 1\*\* .*\n\n<details>.*\n```diff\n@@ -1,1 \+1,1 @@\n-A\n\+B\n```\n/s)
  })

  it('writes a page, beside what it prints', async () => {
    const [old, now] = twoImages([{ name: 'a', data: 'A\n' }], [{ name: 'a', data: 'B\n' }])
    const file = join(temporaryFolder(), 'diff.html')
    expect(await run('--html', file, old, now)).toEqual({ code: 1, stdout: `${file}\n`, stderr: '' })
    const page = readFileSync(file, 'utf8')
    expect(page).toMatch(/^<!doctype html>\n[\s\S]*<title>Differences: old\.tar → new\.tar<\/title>[\s\S]*<\/html>\n$/)
    const again = await run('--html', file, '--markdown', old, now)
    expect(again.stdout).toMatch(/^\*\*files: 1\*\*/)
    expect(readFileSync(file, 'utf8')).toBe(page)
    expect((await run('--html', file, old, old)).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('<p>Nothing differs.</p>')
    expect((await run('--html', join(file, 'none'), old, now)).code).toBe(2)
  })

  it('fails with another exit code than that of a difference', async () => {
    const [old] = twoImages([{ name: 'a' }], [])
    const missing = await run(old, `${old}.none`)
    expect(missing).toMatchObject({ code: 2, stdout: '' })
    expect(missing.stderr).toMatch(/^nspawn-rootfs: .*old\.tar\.none: cannot be read: /)
    expect(await run('--json', '--markdown', old, old)).toMatchObject({ code: 2, stdout: '' })
    expect((await run(old)).code).toBe(2)
  })
})
