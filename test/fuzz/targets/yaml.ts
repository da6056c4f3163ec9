import assert from 'node:assert/strict'
import { parse } from 'yaml'
import { parseYaml } from '../../../src/spec/yaml.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

/** Declarations that name nothing outside of themselves but store paths. */
export const DECLARATIONS = [
  `name: test
system: x86_64-linux
variables: {PORT: "8080"}
files:
  /etc/motd: {text: "hello \${PORT}\\n", mode: 0644, owner: "0:0"}
directories: {/var/empty: {mode: "0700"}}
links: {/etc/link: /etc/motd}
closure: {roots: [/nix/store/zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-hello]}
`,
  `name: &n web
closure: {roots: [/nix/store/zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-hello]}
systemd:
  hostname: *n
  machineId: empty
  osRelease: {ID: test}
  units:
    web.service:
      text: |
        [Service]
        ExecStart=/bin/true
        [Install]
        WantedBy=multi-user.target
      enable: true
      dropIns: {a.conf: {text: "[Unit]\\n"}}
    old.service: {mask: true}
  presets: {10-a.preset: {text: disable *}}
nspawn:
  Exec: {Boot: true, Environment: [A=b, C=d]}
  Network: {Port: ["tcp:8080:80"], VirtualEthernet: true}
`,
  `name: x
closure:
  roots: [/nix/store/zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-hello]
  narFiles: {/nix/store/zmc9dr7wphrk8jcf64wsdqwqmm5dpn92-hello: hello.nar.xz}
compression: {format: tar.gz, level: 9}
signing: {keyFile: secret.asc}
`,
]

/** What YAML and declarations are made of. */
export const YAML_WORDS = [
  ...[
    'name:',
    'files:',
    'mode:',
    'text:',
    'units:',
    'nspawn:',
    'closure:',
    'variables:',
    'system:',
    'compression:',
    'signing:',
  ],
  ...[
    'systemd:',
    'enable:',
    '&a ',
    '*a',
    '<<: ',
    '|\n',
    '>-\n',
    '- ',
    '? ',
    ': ',
    '\n',
    '  ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '#',
  ],
  ...[
    '${',
    '}',
    '$${A}',
    '${PORT}',
    '!!binary ',
    '!!set',
    '%YAML 1.1\n',
    '---\n',
    '...\n',
    '~',
    'null',
    '.nan',
    '0o17',
    '1e999',
    '\t',
    '\ufeff',
  ],
]

export const target: Target = {
  about: 'YAML as declarations have it, held against the package yaml',
  seeds: () => DECLARATIONS,
  words: YAML_WORDS,
  run(input) {
    const text = Buffer.from(input).toString()
    const outcome = outcomeNow(() => parseYaml(text, 'image.yaml'))
    if (!('value' in outcome)) return
    const { value, locate } = outcome.value
    const lines = text.split('\n').length
    let left = 100
    const walk = (node: unknown, path: PropertyKey[]): void => {
      if (left-- <= 0) return
      for (const part of ['key', 'value'] as const) {
        const { line, column } = locate(path, part)
        assert.ok(line >= 1 && line <= lines + 1 && column >= 1, `${path.join('.')} at ${line}:${column}`)
      }
      if (typeof node !== 'object' || node === null) return
      for (const [key, item] of Object.entries(node)) walk(item, [...path, Array.isArray(node) ? Number(key) : key])
    }
    walk(value, [])
    // Modes are read as they are written; others make copies of what aliases stand for, or refuse to.
    if (/mode|[*&]/.test(text)) return
    const other: unknown = parse(text, { stringKeys: true, logLevel: 'silent' })
    if (typeof other !== 'object' || other === null || Array.isArray(other)) assert.deepEqual(value, other)
    else assert.deepEqual(value, Object.fromEntries(Object.entries(other).filter(([, section]) => section !== null)))
  },
}
