export { type Enablement, enableUnits, installReferences, maskLink, type UnitLink } from './enable.ts'
export { SystemdError, type SystemdErrorCode } from './errors.ts'
export { checkImageName, machineNameOf } from './image-name.ts'
export {
  hostnameText,
  localeText,
  localtimeTarget,
  type MachineIdPolicy,
  machineIdText,
  osReleaseText,
} from './os-files.ts'
export { checkSettings, formatSettings, type SettingsProblem, settingsProblems } from './settings.ts'
export { type NspawnSettings, SETTINGS_KEYS, type SettingKey } from './settings-keys.ts'
export { parseSettings, type SettingsTextProblem, settingsTextProblems } from './settings-text.ts'
export { type Distrust, ignoredWhenUntrusted, TRUSTED_SETTINGS_FOLDER } from './settings-trust.ts'
export { type SystemdStubs, stubEntries, type UnitStub } from './stubs.ts'
export { type Assignment, parseUnitFile, readUnitFile, readWords, splitWords } from './unit-file.ts'
export { checkUnitName } from './unit-name.ts'
export type { FoundUnit, UnitSite } from './unit-site.ts'
export { compareVersions, isVersion } from './version-order.ts'
