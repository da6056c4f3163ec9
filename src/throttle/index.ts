export {
  CONNECTIONS,
  endTurn,
  failingFor,
  recordFailure,
  recordProgress,
  recordRefusal,
  recordSuccess,
  type ServerState,
  takeTurn,
} from './congestion.ts'
export { createThrottle, inheritThrottle, openServer, type Server, type ThrottleMemory } from './memory.ts'
export { roomAt } from './room.ts'
