/** What systemd would refuse. */
export type SystemdErrorCode = 'IMAGE_NAME_INVALID' | 'SETTINGS_INVALID'

/** Something that systemd-importd, systemd-machined or systemd-nspawn would not take. */
export class SystemdError extends Error {
  override readonly name = 'SystemdError'
  readonly code: SystemdErrorCode

  constructor(code: SystemdErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
