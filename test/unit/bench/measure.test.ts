import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { measure, median } from '../../../src/bench/measure.ts'
import { shellLine } from '../../../src/shell-word.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

const node = (code: string) => shellLine([process.execPath, '-e', code])

describe('measuring a command', () => {
  it('counts the processor time and the memory of all of a pipeline', async () => {
    const busy = node('const end = process.cpuUsage().user + 3e5; while (process.cpuUsage().user < end);')
    const large = node('const a = Buffer.alloc(2e8, 1); setTimeout(() => a, 300)')
    const run = await measure(`${busy} | ${large}`)
    expect(run.cpuSeconds).toBeGreaterThan(0.3)
    expect(run.peakBytes).toBeGreaterThan(2e8)
    expect(run.peakBytes).toBeLessThan(2e9)
    expect(run.seconds).toBeGreaterThan(0.3)
  })

  const source = '/usr/share/i18n/locales/de_DE'
  const program = needs('localedef')
  it.skipIf(program.skip || !existsSync(source))(
    `counts the processor time in a locale with a decimal comma${program.because}`,
    async () => {
      const folder = temporaryFolder()
      execFileSync('localedef', ['-i', source, '-f', 'UTF-8', join(folder, 'de_DE.UTF-8')])
      vi.stubEnv('LOCPATH', folder)
      vi.stubEnv('LC_ALL', 'de_DE.UTF-8')
      try {
        expect(execFileSync('bash', ['-c', 'printf %.1f 0,5'], { encoding: 'utf8' })).toBe('0,5')
        const run = await measure(
          node('const end = process.cpuUsage().user + 1e5; while (process.cpuUsage().user < end);'),
        )
        expect(run.cpuSeconds).toBeGreaterThan(0.1)
      } finally {
        vi.unstubAllEnvs()
      }
    },
  )

  it('says what failed, in whichever part of a pipeline', async () => {
    const failing = measure(`{ echo "not here" >&2; exit 3; } | cat`)
    await expect(failing).rejects.toThrow(/^exit 3 from: (.|\n)*\nnot here$/)
  })

  it('ends all of it when aborted', async () => {
    const controller = new AbortController()
    const running = measure('sleep 600 | cat', controller.signal)
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await expect(measure('true', controller.signal)).rejects.toThrow('enough')
  })
})

describe('the median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle)
  })
})

describe('words for a shell', () => {
  it('come back as they were', async () => {
    const words = ['plain', '', "it's", 'a b', '$HOME', '*', 'new\nline', '"']
    await measure(`[ "$(printf '%s|' ${shellLine(words)})" = ${shellLine([`${words.join('|')}|`])} ]`)
  })
})
