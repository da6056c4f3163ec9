export { findStage2, HOST_FILES, SET_ACTIVATION, SYSTEM_PROFILE } from './activation.ts'
export { type ArchiveCheckOptions, type ArchiveReport, checkArchive } from './archive.ts'
export { RULES, type Rule, type RuleName, type Severity } from './catalogue.ts'
export { headSize } from './checked-entry.ts'
export { checkDelivery, type DeliveryCheckOptions } from './delivery.ts'
export { SYSTEMS, type System } from './elf.ts'
export { CheckError, type CheckErrorCode } from './errors.ts'
export type { Finding } from './findings.ts'
export { checkTree, type ImageCheckOptions } from './image-check.ts'
export {
  concerns,
  SYSTEMD_VERSIONS,
  type SystemdVersion,
  type SystemdVersions,
  type VersionBounds,
} from './versions.ts'
