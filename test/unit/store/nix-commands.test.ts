import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { parseStorePath } from '../../../src/nix/index.ts'
import { askLocalStore } from '../../../src/store/ask-local-store.ts'
import { locateStore } from '../../../src/store/location.ts'
import type { MachineStore } from '../../../src/store/machine-store.ts'
import { askInvalid, askNix, askNixStore, askStoreUrl } from '../../../src/store/nix-commands.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { createDatabase } from './nix-database.ts'

const [A, B] = [storePathOf('a'), storePathOf('b')]
const HASH = 'ab'.repeat(32)
const RECORDS = `${A}\n${HASH}\n7\n\n1\n${B}\n${B}\n${HASH}\n7\n\n0\n`
const JSON_OF_NIX = JSON.stringify(
  [A, B].map(path => ({ path, narHash: `sha256:${HASH}`, narSize: 7, references: path === A ? [B] : [], valid: true })),
)
const TOO_OLD = 'echo "error: \'path-info\' is not a recognised command" >&2; exit 1'

let bin = ''
beforeEach(() => {
  bin = join(temporaryFolder(), 'bin')
  mkdirSync(bin)
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`)
  return () => vi.unstubAllEnvs()
})

/** Puts a program on PATH that does what the shell script says. */
function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}
const nixStore = `case $1 in
  --query) printf '${A}\\n${B}\\n' ;;
  --dump-db) printf '${RECORDS.replaceAll('\n', '\\n')}' ;;
esac`
const roots = [parseStorePath(A)]
const pathsOf = (infos?: { path: { path: string } }[]) => infos?.map(info => info.path.path)

describe('askNix', () => {
  it('asks for the closure of all roots', async () => {
    program('nix', `echo "$@" > ${bin}/asked; cat <<'END'\n${JSON_OF_NIX}\nEND`)
    expect(pathsOf(await askNix(roots, '/nix/store'))).toEqual([A, B])
  })

  it('says what nix said last', async () => {
    program('nix', "echo 'warning: something' >&2; echo 'error: no such path' >&2; exit 1")
    await expect(askNix(roots, '/nix/store')).rejects.toThrow('nix: error: no such path')
  })

  it('ends with the reason of an abort', async () => {
    program('nix', 'exec sleep 1000')
    const controller = new AbortController()
    const asked = askNix(roots, '/nix/store', controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(asked).rejects.toBe(reason)
  })
})

describe('askNixStore', () => {
  it('asks for the paths, then for their records', async () => {
    program('nix-store', nixStore)
    expect(pathsOf(await askNixStore(roots, '/nix/store'))).toEqual([A, B])
  })

  it('asks for thousands of paths in several turns, none of them twice', async () => {
    const record = `for path; do printf '%s\\n${HASH}\\n7\\n\\n0\\n' "$path"; done`
    program(
      'nix-store',
      `case $1 in
        --query) seq 10000 14999 | sed 's,.*,/nix/store/&${A.slice('/nix/store/'.length + 5, 43)}-x,' ;;
        --dump-db) shift; echo $# >> ${bin}/turns; ${record} ;;
      esac`,
    )
    const paths = pathsOf(await askNixStore(roots, '/nix/store'))!
    expect(new Set(paths).size).toBe(5000)
    expect(paths).toHaveLength(5000)
  })
})

describe('askStoreUrl', () => {
  it.each([
    ['by its name of today', 'case "$*" in *" config show store") echo local?root=/x ;; *) exit 1 ;; esac'],
    [
      'among all, by its name before 2.20',
      `case "$*" in *" show-config --json") echo '{"store":{"value":"local?root=/x"}}' ;; *) exit 1 ;; esac`,
    ],
  ])('reads the setting %s', async (_, script) => {
    program('nix', script)
    expect(await askStoreUrl()).toBe('local?root=/x')
  })

  it.each([
    ['fails', 'exit 1'],
    ['talks nonsense', 'case "$*" in *json) echo nonsense ;; *) exit 1 ;; esac'],
    ['has no such setting', 'case "$*" in *json) echo "{}" ;; *) exit 1 ;; esac'],
  ])('knows nothing where nix %s', async (_, script) => {
    program('nix', script)
    expect(await askStoreUrl()).toBeUndefined()
  })
})

describe('askInvalid', () => {
  it('gives the paths that nix-store prints', async () => {
    program('nix-store', `[ "$1 $2" = "--check-validity --print-invalid" ] && echo "$4"`)
    expect(await askInvalid([parseStorePath(A), parseStorePath(B)])).toEqual([B])
  })
})

describe('askLocalStore', () => {
  let store: MachineStore
  beforeEach(() => {
    store = { ...locateStore(temporaryFolder()), url: 'auto', reach: 'files' }
  })
  const ask = (signal?: AbortSignal) => askLocalStore(store, roots, signal)
  const refuseAll = () => {
    program('nix', TOO_OLD)
    program('nix-store', "echo 'error: cannot connect to daemon' >&2; exit 1")
  }
  const failure = () =>
    ask().then(
      () => undefined,
      (error: Error & { code: string }) => error,
    )

  it('asks nix', async () => {
    program('nix', `cat <<'END'\n${JSON_OF_NIX}\nEND`)
    program('nix-store', 'exit 1')
    expect(pathsOf(await ask())).toEqual([A, B])
  })

  it.each([
    ['too old', TOO_OLD],
    ['talking nonsense', 'echo nonsense'],
    ['silent', 'exit 0'],
  ])('asks nix-store where nix is %s', async (_, script) => {
    program('nix', script)
    program('nix-store', nixStore)
    expect(pathsOf(await ask())).toEqual([A, B])
  })

  it('lists what each of them said where all fail', async () => {
    refuseAll()
    store = { ...store, reach: 'daemon' }
    const error = await failure()
    expect(error?.code).toBe('STORE_UNREADABLE')
    const [, ...lines] = error!.message.split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^ {2}nix: .*not a recognised command/),
      expect.stringMatching(/^ {2}nix-store: .*cannot connect to daemon/),
      expect.stringMatching(/^ {2}.*db\.sqlite/),
    ])
  })

  it('says so where there is no program of Nix', async () => {
    vi.stubEnv('PATH', bin)
    store = { ...store, reach: 'daemon' }
    expect((await failure())?.message).toMatch(/^ {2}nix: not on PATH\n {2}nix-store: not on PATH$/m)
  })

  describe('has none of the paths', () => {
    it('where nix-store says that all are invalid', async () => {
      program('nix', 'exit 1')
      program('nix-store', `case $1 in --check-validity) echo ${A} ;; *) exit 1 ;; esac`)
      store = { ...store, reach: 'daemon' }
      expect(await ask()).toBeUndefined()
    })

    it('where there never was a store', async () => {
      refuseAll()
      expect(await ask()).toBeUndefined()
    })

    it('where the database does not have them', async () => {
      refuseAll()
      createDatabase(store.database, 'wal').close()
      expect(await ask()).toBeUndefined()
    })
  })

  it('may have a path of which something is on disk, a dangling link included', async () => {
    program('nix', 'exit 1')
    program('nix-store', `case $1 in --check-validity) echo ${A} ;; *) exit 1 ;; esac`)
    mkdirSync(store.physicalDir, { recursive: true })
    symlinkSync('nowhere', join(store.physicalDir, basename(A)))
    expect((await failure())?.code).toBe('STORE_UNREADABLE')
  })

  it('may have a path while nobody answers and the database cannot be read', async () => {
    refuseAll()
    mkdirSync(dirname(store.database), { recursive: true })
    writeFileSync(store.database, 'nonsense')
    expect((await failure())?.code).toBe('STORE_UNREADABLE')
  })

  it('does not ask a store that is not on this machine, and prints no secret of its URL', async () => {
    program('nix', `touch ${bin}/asked`)
    store = { ...store, reach: 'remote', url: 'https://me:secret@cache.test/x?token=secret' }
    const message = (await failure())!.message
    expect(message).toMatch(/https:\/\/cache\.test\/x\?\.\.\., is not on this machine/)
    expect(message).not.toContain('secret')
    // Not encoded, it makes the URL invalid.
    store = { ...store, url: 'ssh-ng://me:the/secret@cache.test' }
    const other = (await failure())!.message
    expect(other).toMatch(/ssh-ng:\/\/cache\.test, is not on this machine/)
    expect(other).not.toContain('secret')
    expect(existsSync(join(bin, 'asked'))).toBe(false)
  })

  it('tries nobody else once it is aborted', async () => {
    program('nix', 'exec sleep 1000')
    program('nix-store', `touch ${bin}/asked; exit 1`)
    const controller = new AbortController()
    const opened = ask(controller.signal)
    controller.abort(new Error('enough'))
    await expect(opened).rejects.toThrow('enough')
  })
})
