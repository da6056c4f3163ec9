import { type ByteString, decodeText } from '../bytes/index.ts'
import { PATH_MAX } from '../tree/index.ts'
import { type RuleName, ruleOf, type Severity } from './catalogue.ts'
import { concernsAny, type SystemdVersions } from './versions.ts'

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
  /** Absent if the finding is not about one path. A function is called only if the finding is listed. */
  readonly path?: ByteString | (() => ByteString)
  /** Default: what the rule says. */
  readonly severity?: Severity
  /** Default of both, if neither is given: what the rule says. */
  readonly since?: number
  readonly until?: number
}

/** Reports a broken rule. */
export type Report = (rule: RuleName, message: string, details?: FindingDetails) => void

/** Findings of one kind that are listed; of the others, only the number. */
const FINDINGS_MAX = 20

/** Findings of one rule that weigh the same, for the same versions. */
interface Kind {
  readonly bounds: Omit<Finding, 'path' | 'message'>
  count: number
}

/** Gathers findings that concern `versions`, a bounded number of each kind. */
export function createFindings(versions: SystemdVersions): { readonly report: Report; list(): Finding[] } {
  const findings: Finding[] = []
  const kinds = new Map<string, Kind>()
  return {
    report(rule, message, details = {}) {
      const bounds = boundsOf(rule, details)
      if (!concernsAny(bounds, versions)) return
      const { severity, since, until } = bounds
      const key = `${rule} ${severity} ${since} ${until}`
      const kind = kinds.get(key) ?? { bounds, count: 0 }
      kinds.set(key, kind)
      if (++kind.count > FINDINGS_MAX) return
      const path = typeof details.path === 'function' ? details.path() : details.path
      findings.push({ ...bounds, ...(path !== undefined && { path: pathText(path) }), message })
    },
    list() {
      const exceeding = [...kinds.values()].filter(({ count }) => count > FINDINGS_MAX)
      return [
        ...findings,
        ...exceeding.map(({ bounds, count }) => ({ ...bounds, message: `and ${count - FINDINGS_MAX} more` })),
      ]
    },
  }
}

/** A path as text. One that is too long for any kernel is cut. */
function pathText(path: ByteString): string {
  return path.length <= PATH_MAX ? decodeText(path) : `${decodeText(path.slice(0, PATH_MAX))}…`
}

function boundsOf(name: RuleName, details: FindingDetails): Kind['bounds'] {
  const rule = ruleOf(name)
  const { since, until } = details.since === undefined && details.until === undefined ? rule : details
  return {
    rule: name,
    severity: details.severity ?? rule.severity,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}
