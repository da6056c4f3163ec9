export { MachineError, type MachineErrorCode } from './errors.ts'
export { lineOf, planMachine, runSteps } from './machinectl.ts'
export type { MachineRequest, Step } from './steps.ts'
