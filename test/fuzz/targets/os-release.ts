import assert from 'node:assert/strict'
import { osReleaseText } from '../../../src/systemd/index.ts'
import { isOneIn, outcomeNow, runProgram } from '../oracles.ts'
import type { Target } from '../target.ts'

/** Lines NAME=VALUE, in which \x01 stands for a newline. */
export const target: Target = {
  about: 'os-release as it is written, held against a shell that reads it',
  seeds: () => ['ID=nixos\nPRETTY_NAME=NixOS 26.05 (Yarara)\nHOME_URL=https://nixos.org/', 'A="$(id)" `id`\nB=\\\nC='],
  words: ['ID=', 'A_1=', '$', '`', '"', "'", '\\', '!', '\x01', '\u0085', '\u2028'],
  run(input) {
    const lines = Buffer.from(input).toString().split('\n')
    const fields = Object.fromEntries(
      lines.map(line => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1).replaceAll('\x01', '\n')]),
    )
    const outcome = outcomeNow(() => osReleaseText(fields))
    if (!('value' in outcome)) return
    const written = outcome.value.split('\n')
    assert.equal(written.length, Object.keys(fields).length + 1)
    if (!isOneIn(10, input)) return
    const names = Object.keys(fields).filter(
      name => !/^(PATH|IFS|PS\d|LC_.*|LANG|PWD|UID|PPID|OPT.*|.*ENV|MAIL.*)$/.test(name),
    )
    const script = `${outcome.value}printf '%s\\0' ${names.map(name => `"$${name}"`).join(' ')}`
    if (names.length === 0) return
    assert.equal(runProgram(['sh'], Buffer.from(script))?.toString(), names.map(name => `${fields[name]}\0`).join(''))
  },
}
