import { parentPort, workerData } from 'node:worker_threads'
import { openServer, type ThrottleMemory } from '../../../src/throttle/index.ts'

const { memory, count } = workerData as { readonly memory: ThrottleMemory; readonly count: number }
const server = openServer(memory, 'https://cache.example')
for (let i = 0; i < count; i++) {
  server.update(state => {
    state.successes++
    state.window += 0.5
  })
}
parentPort!.postMessage('done')
