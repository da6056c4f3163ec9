/**
 * The texts of all rules. The code of each is in the file of what it looks at, under the name of the rule:
 *
 *     tar.ts, tar-header.ts, pax-headers.ts, tar-end.ts   the archive
 *     one-entry.ts, attributes.ts, acl.ts                 an entry by itself
 *     entries.ts, places.ts, hard-links.ts                entries among each other
 *     root.ts, boot.ts, start-up.ts                       the machine
 *     activation.ts, logins.ts, registration.ts           the NixOS in it
 *     archive.ts, unpack.ts, delivery.ts                  the image file, and what lies beside it
 */
import { ARCHIVE_RULES } from './catalogue/archive.ts'
import { DELIVERY_RULES } from './catalogue/delivery.ts'
import { ENTRY_RULES } from './catalogue/entry.ts'
import { MACHINE_RULES } from './catalogue/machine.ts'
import type { Rule } from './catalogue/rule.ts'

export type { Rule, Severity } from './catalogue/rule.ts'

const rules = [...ARCHIVE_RULES, ...ENTRY_RULES, ...MACHINE_RULES, ...DELIVERY_RULES] as const

/** The name of a rule. */
export type RuleName = (typeof rules)[number]['name']

/** All rules, in the order in which an image meets them. */
export const RULES: readonly (Rule & { readonly name: RuleName })[] = rules

const byName = new Map<RuleName, Rule>(RULES.map(rule => [rule.name, rule]))

/** The rule of a name. */
export function ruleOf(name: RuleName): Rule {
  return byName.get(name)!
}
