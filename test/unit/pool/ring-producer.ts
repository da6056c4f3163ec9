/** A thread that fills a ring with as many pieces as it is told, each holding its own number, and counts its commits. */
import { workerData } from 'node:worker_threads'
import { openProducer, type RingMemory } from '../../../src/pool/index.ts'

export interface ProducerTask {
  readonly ring: RingMemory
  readonly pieces: number
  /** One word: how many pieces were committed. */
  readonly committed: SharedArrayBuffer
}

const { ring, pieces, committed } = workerData as ProducerTask
const counter = new Int32Array(committed)
const producer = openProducer(ring)
for (let piece = 0; piece < pieces; piece++) {
  const space = producer.space()
  const length = 4 + (piece % (space.length - 3))
  space.fill(piece % 251, 0, length)
  new DataView(space.buffer, space.byteOffset).setUint32(0, piece)
  producer.commit(length, ~piece)
  Atomics.add(counter, 0, 1)
  Atomics.notify(counter, 0)
}
