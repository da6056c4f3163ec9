import { type ByteString, textOfByteString } from '../bytes/index.ts'
import { type RuleName, ruleOf, type Severity } from './rules.ts'

/** A rule that an image breaks, and where. Plain data. */
export interface Finding {
  readonly rule: RuleName
  readonly severity: Severity
  /** Which systemd versions mind, as in `Rule`: absent for no bound. */
  readonly since?: number
  readonly until?: number
  /** The path in the image as text, without `/` in front; for what is beside an image, the file. */
  readonly path?: string
  readonly message: string
}

/** What a finding says besides its rule and message. */
export interface FindingDetails {
  /** Absent: not about one path. */
  readonly path?: ByteString
  /** Default: what the rule says. */
  readonly severity?: Severity
  readonly since?: number
  readonly until?: number
}

/** Says that a rule is broken. */
export type Report = (rule: RuleName, message: string, details?: FindingDetails) => void

/** Findings of one rule that are kept: who has more of them wants to know the first, and how many. */
const FINDINGS_MAX = 20

/** Gathers findings, a bounded number of each rule. */
export function createFindings(): { readonly report: Report; list(): Finding[] } {
  const findings: Finding[] = []
  const counts = new Map<RuleName, number>()
  return {
    report(rule, message, details = {}) {
      const count = (counts.get(rule) ?? 0) + 1
      counts.set(rule, count)
      if (count > FINDINGS_MAX) return
      const { path } = details
      findings.push({ ...bounds(rule, details), ...(path !== undefined && { path: textOfByteString(path) }), message })
    },
    list() {
      const more = [...counts].flatMap(([rule, count]): Finding[] =>
        count > FINDINGS_MAX ? [{ ...bounds(rule, {}), message: `and ${count - FINDINGS_MAX} more` }] : [],
      )
      return [...findings, ...more]
    },
  }
}

function bounds(rule: RuleName, details: FindingDetails): Omit<Finding, 'path' | 'message'> {
  const { severity, since, until } = { ...ruleOf(rule), ...details }
  return { rule, severity, ...(since !== undefined && { since }), ...(until !== undefined && { until }) }
}

/** Whether a finding is about systemd of this version. */
export function concerns({ since = 0, until = Infinity }: Finding, version: number): boolean {
  return since <= version && version <= until
}
