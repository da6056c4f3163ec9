import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

const SIZE = 4 * 1024 * 1024

/** Writes to standard output, and then says on standard error how many timers that took. */
const WRITER = `
import { createHook } from 'node:async_hooks'
import { writeToStdout } from '${new URL('../../../src/cli/stdout.ts', import.meta.url)}'
let timers = 0
createHook({ init: (id, type) => void (timers += type === 'Timeout') }).enable()
const bytes = new Uint8Array(new SharedArrayBuffer(${SIZE})).map((_, i) => i % 251)
await writeToStdout(bytes)
process.stderr.write(String(timers))
`

describe('an image on standard output', () => {
  it('waits for a slow reader without polling', async () => {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', WRITER], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(writer, 'exit')
    const timers = text(writer.stderr)
    await once(writer.stdout, 'readable')
    // Meanwhile the pipe is full.
    await setTimeout(50)
    const bytes = await buffer(writer.stdout)
    expect(await timers).toBe('0')
    expect(bytes.length).toBe(SIZE)
    expect(bytes.every((byte, i) => byte === i % 251)).toBe(true)
    expect(await ended).toEqual([0, null])
  })
})

describe('a text on standard output', () => {
  it.each([[['schema']], [['check', '--rules']], [['help', 'looking']]])('that is full fails: %j', async args => {
    const { code, stderr } = await runCommand(args, { first: 'exec >/dev/full' })
    expect(stderr).toBe('nspawn-rootfs: standard output cannot be written: ENOSPC: no space left on device, write\n')
    expect(code).toBe(1)
  })

  it('that is a file, and takes only a part, fails', async () => {
    const file = join(temporaryFolder(), 'out')
    // Two KiB; without the signal that ends a program there.
    const { code, stderr } = await runCommand(['schema'], { first: `trap '' XFSZ; ulimit -f 4; exec >${file}` })
    expect(statSync(file).size).toBe(2048)
    expect(stderr).toBe('nspawn-rootfs: standard output cannot be written: EFBIG: file too large, write\n')
    expect(code).toBe(1)
  })
})
