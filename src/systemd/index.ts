export { SystemdError, type SystemdErrorCode } from './errors.ts'
export { checkImageName, machineNameOf } from './image-name.ts'
export { checkSettings } from './settings.ts'
