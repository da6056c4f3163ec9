export { type Claims, type ClaimsMemory, claimNumbers, createClaims, openClaims } from './claims.ts'
export {
  createRing,
  openConsumer,
  openProducer,
  type RingConsumer,
  type RingMemory,
  type RingPiece,
  type RingProducer,
} from './ring.ts'
export { startThreads, type Threads } from './threads.ts'
