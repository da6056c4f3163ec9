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
export { hasHostNetwork } from './setting-clashes.ts'
export { checkSettings, formatSettings, settingsProblems } from './settings.ts'
export { type NspawnSettings, SETTINGS_KEYS, type SettingKey, settingKey } from './settings-keys.ts'
export { parseSettings, settingsTextProblems } from './settings-text.ts'
export { ignoredWhenUntrusted, TRUSTED_SETTINGS_FOLDER } from './settings-trust.ts'
export { type SystemdStubs, stubEntries } from './stubs.ts'
export { parseUnitFile, readUnitFile, readWords } from './unit-file.ts'
export { checkUnitName } from './unit-name.ts'
export type { UnitSite } from './unit-site.ts'
export type { UnitStub } from './unit-stub.ts'
export { compareSystemdVersions, isVersion } from './version-order.ts'
