export { MachineError, type MachineErrorCode } from './errors.ts'
export { hasMachine, lineOf, planMachine, runSteps } from './machinectl.ts'
export type { MachineRequest, Step } from './steps.ts'
