import { blockCache } from './block-cache.ts'
import { caches } from './caches.ts'
import { checking } from './checking.ts'
import { declaration } from './declaration.ts'
import { delivery } from './delivery.ts'
import { environment } from './environment.ts'
import { looking } from './looking.ts'
import { nixos } from './nixos.ts'
import { publishing } from './publishing.ts'
import { pulling } from './pulling.ts'
import { settings } from './settings.ts'
import { sources } from './sources.ts'
import { systemd } from './systemd.ts'
import type { Topic } from './topic.ts'

/** All topics, in the order in which a new user needs them. */
export const TOPICS: readonly Topic[] = [
  declaration,
  settings,
  nixos,
  systemd,
  sources,
  caches,
  delivery,
  publishing,
  pulling,
  checking,
  looking,
  blockCache,
  environment,
]

/** The list of topics, for the end of the command's help. */
export function listTopics(): string {
  const width = Math.max(...TOPICS.map(({ name }) => name.length))
  const lines = TOPICS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return ['Topics (nspawn-rootfs help TOPIC):', ...lines].join('\n')
}
