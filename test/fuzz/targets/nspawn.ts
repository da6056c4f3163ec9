import assert from 'node:assert/strict'
import { formatSettings, parseSettings, SETTINGS_KEYS, settingsTextProblems } from '../../../src/systemd/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

const KEYS = Object.values(SETTINGS_KEYS).flatMap(section => Object.keys(section).map(key => `${key}=`))

export const target: Target = {
  about: '.nspawn files, held against our writer',
  seeds: () => [
    '[Exec]\nBoot=yes\nEnvironment="A=b c" D=e\nCapability=CAP_NET_ADMIN CAP_SYS_TIME\nPrivateUsers=pick\n',
    '[Files]\nBind=/a:/b:idmap\nBind=\nTemporaryFileSystem=/t:mode=755\nReadOnly=0\n[Network]\nPort=tcp:80:8080\nVirtualEthernet=on\n',
    '# comment\n[Exec]\nParameters=a \\\n; comment\n "b c"\nLimitNOFILE=1024:2048\nKillSignal=SIGTERM\nX-Own=1\n[X-Mine]\nanything\n',
    '\ufeff[Exec]\r\nUser=root\r\nMachineID=0123456789abcdef0123456789abcdef\r\nCPUAffinity=0-3\r\n',
  ],
  words: [
    ...Object.keys(SETTINGS_KEYS).map(section => `[${section}]\n`),
    ...KEYS,
    '=\n',
    '\\\n',
    '"',
    "'",
    'yes',
    'infinity',
    '1G',
    ':',
    '%',
    '\t',
  ],
  run(input) {
    const text = Buffer.from(input).toString()
    const { settings, problems } = parseSettings(text)
    assert.equal(settingsTextProblems(text).length, problems.length)
    const lines = text.split(/\r\n?|\n\r?/).length
    for (const { line } of problems) assert.ok(line >= 1 && line <= lines, `line ${line} of ${lines}`)
    const written = outcomeNow(() => formatSettings(settings))
    assert.ok('value' in written, 'what is right cannot be written')
    assert.deepEqual(parseSettings(written.value), { settings: inOrder(settings), problems: [] })
  },
}

/** Without sections and lists that hold nothing, and in the order of the table, as they are written. */
function inOrder(settings: object): object {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([section, keys]) => {
      const given = Object.entries(keys as object).filter(([, value]) => !Array.isArray(value) || value.length > 0)
      return given.length === 0 ? [] : [[section, Object.fromEntries(given)]]
    }),
  )
}
