import { ARCHIVE_RULES } from './rules/archive.ts'
import { DELIVERY_RULES } from './rules/delivery.ts'
import { ENTRY_RULES } from './rules/entry.ts'
import { MACHINE_RULES } from './rules/machine.ts'
import type { Rule } from './rules/rule.ts'

export type { Rule, Severity } from './rules/rule.ts'

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
