import { type ErrorText, NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Things that systemd would refuse. */
export type SystemdErrorCode =
  /** machinectl takes no image of this name. */
  | 'IMAGE_NAME_INVALID'
  /** systemd-nspawn would not take the settings. */
  | 'SETTINGS_INVALID'
  /** A stub cannot be a file of systemd. */
  | 'STUB_INVALID'
  /** A unit file is malformed. */
  | 'UNIT_INVALID'

/** Something that systemd-importd, systemd-machined or systemd-nspawn would not take. */
export class SystemdError extends NspawnRootfsError<OpenCode<SystemdErrorCode>> {
  /** The line of the unit file, counted from 1, where one is to blame. */
  readonly line?: number

  constructor(code: SystemdErrorCode, message: ErrorText, line?: number) {
    super(code, message)
    this.line = line
  }
}

nameErrors(SystemdError, 'SystemdError')
