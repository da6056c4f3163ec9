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
