/** A network with servers at addresses of all kinds, and nobody else in it. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

/** What it takes. */
export const programs = needs('unshare', 'ip', 'mount')

const NETWORK = `
ip link set lo up
for address in 169.254.169.254/32 192.168.7.7/32 198.51.100.7/32 198.51.100.8/32 2001:db8::7/128; do
  ip address add $address dev lo
done
mount --bind "$1" /etc/hosts
shift
exec "$@"`

const HOSTS = `127.0.0.1 localhost inner.test
169.254.169.254 metadata.test
198.51.100.7 public.test
198.51.100.8 two.test
127.0.0.1 two.test
`

/** Runs a program there, with `argument` as JSON, and returns what it prints. */
export function inNetwork(file: string, argument: unknown): Record<string, string> {
  const hosts = join(temporaryFolder(), 'hosts')
  writeFileSync(hosts, HOSTS)
  const program = [process.execPath, file, JSON.stringify(argument)]
  const printed = execFileSync('unshare', ['-rnm', 'sh', '-ec', NETWORK, 'sh', hosts, ...program], {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  })
  return JSON.parse(printed)
}
