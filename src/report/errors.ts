import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Why an image cannot be reported on. */
export type ReportErrorCode =
  /** It has no such store path. */
  | 'REPORT_PATH_MISSING'
  /** It has several store paths that may be meant. */
  | 'REPORT_PATH_AMBIGUOUS'

/** A question about an image that has no answer. */
export class ReportError extends NspawnRootfsError<OpenCode<ReportErrorCode>> {}

nameErrors(ReportError, 'ReportError')
