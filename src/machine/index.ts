export { MachineError, type MachineErrorCode } from './errors.ts'
export { hasMachine, lineOf, type Plan, planMachine, runSteps } from './machinectl.ts'
export { type MachineRecord, readRecord, writeRecord } from './record.ts'
export type { MachineRequest, Step } from './steps.ts'
