import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buffer, text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

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
