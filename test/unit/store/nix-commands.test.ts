import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { parseStorePath } from '../../../src/nix/index.ts'
import { askLocalStore } from '../../../src/store/ask-local-store.ts'
import { locateStore } from '../../../src/store/location.ts'
import { askNix, askNixStore } from '../../../src/store/nix-commands.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

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
const pathsOf = (infos: { path: { path: string } }[]) => infos.map(info => info.path.path)

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
    const paths = pathsOf(await askNixStore(roots, '/nix/store'))
    expect(new Set(paths).size).toBe(5000)
    expect(paths).toHaveLength(5000)
  })
})

describe('askLocalStore', () => {
  const ask = (signal?: AbortSignal) => askLocalStore(locateStore(), roots, signal)

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
    program('nix', TOO_OLD)
    program('nix-store', "echo 'error: cannot connect to daemon' >&2; exit 1")
    const error = await ask().then(
      () => undefined,
      (error: Error & { code: string }) => error,
    )
    expect(error?.code).toBe('STORE_UNREADABLE')
    const [, ...lines] = error!.message.split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^ {2}nix: .*not a recognised command/),
      expect.stringMatching(/^ {2}nix-store: .*cannot connect to daemon/),
      expect.stringMatching(/^ {2}.*(db\.sqlite|not a valid path)/),
    ])
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
