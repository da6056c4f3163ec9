import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Why an image does not become a machine. */
export type MachineErrorCode =
  /** There is a machine of this name, and it is not to be replaced. */
  | 'MACHINE_EXISTS'
  /** A command that was run for it failed. */
  | 'MACHINE_FAILED'
  /** It does not start with the image. */
  | 'MACHINE_DOES_NOT_START'

/** A machine that cannot be made of an image. */
export class MachineError extends NspawnRootfsError<OpenCode<MachineErrorCode>> {
  /** Name of the machine. */
  readonly machine: string

  constructor(code: MachineErrorCode, machine: string, what: string) {
    super(code, `machine ${machine}: ${what}`)
    this.machine = machine
  }
}

nameErrors(MachineError, 'MachineError')
