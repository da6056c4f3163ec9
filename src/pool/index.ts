export { type ClaimsMemory, claimNumbers, createClaims, openClaims } from './claims.ts'
export { ThreadError, type ThreadErrorCode } from './errors.ts'
export { serveJobs } from './jobs.ts'
export {
  createRing,
  openConsumer,
  openProducer,
  type RingConsumer,
  type RingMemory,
  type RingProducer,
} from './ring.ts'
export { offerThreads, startThreads, type Threads } from './threads.ts'
