import { NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** Why an image cannot be reported on. */
export type ReportErrorCode =
  /** It has no such store path. */
  | 'REPORT_PATH_MISSING'
  /** It has several store paths that may be meant. */
  | 'REPORT_PATH_AMBIGUOUS'

/** A question about an image that has no answer. */
export class ReportError extends NspawnRootfsError<Open<ReportErrorCode>> {}

nameErrors(ReportError, 'ReportError')
