import { Worker } from 'node:worker_threads'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRing, openConsumer, openProducer, type RingMemory } from '../../../src/pool/index.ts'
import type { RingPiece } from '../../../src/pool/ring.ts'
import type { ProducerTask } from './ring-producer.ts'

/** Starts a thread that fills the ring; `committed` tells how many pieces it has handed over. */
function startProducer(ring: RingMemory, pieces: number) {
  const committed = new SharedArrayBuffer(4)
  const workerData: ProducerTask = { ring, pieces, committed }
  const worker = new Worker(new URL('./ring-producer.ts', import.meta.url), { workerData })
  onTestFinished(async () => void (await worker.terminate()))
  const counter = new Int32Array(committed)
  return {
    committed: () => Atomics.load(counter, 0),
    async until(count: number) {
      for (let now = Atomics.load(counter, 0); now < count; now = Atomics.load(counter, 0)) {
        const wait = Atomics.waitAsync(counter, 0, now)
        if (wait.async) await wait.value
      }
    },
  }
}

describe('a ring', () => {
  it.each([
    [1, 4],
    [2, 5],
    [3, 64],
    [16, 1024],
  ])('of %d slots of %d bytes brings 3,000 pieces over, whole and in order', async (slots, slotSize) => {
    const ring = createRing(slotSize, slots)
    startProducer(ring, 3000)
    const consumer = openConsumer(ring)
    for (let piece = 0; piece < 3000; piece++) {
      const taken = (await consumer.take())!
      expect(taken.mark).toBe(~piece)
      expect(taken.slot.length).toBe(slotSize)
      expect(taken.length).toBe(4 + (piece % (slotSize - 3)))
      expect(new DataView(taken.slot.buffer, taken.slot.byteOffset).getUint32(0)).toBe(piece)
      expect(taken.slot.subarray(4, taken.length).every(byte => byte === piece % 251)).toBe(true)
      taken.release()
    }
  })

  it('never lets the producer ahead by more than its slots', async () => {
    const slots = 3
    const ring = createRing(8, slots)
    const producer = startProducer(ring, 500)
    const consumer = openConsumer(ring)
    for (let released = 0; released < 500; released++) {
      // It gets as far as it may, and no further.
      await producer.until(Math.min(released + slots, 500))
      expect(producer.committed()).toBe(Math.min(released + slots, 500))
      const taken = (await consumer.take())!
      expect(producer.committed()).toBeLessThanOrEqual(released + slots)
      taken.release()
    }
  })

  it('leaves pieces alone that are taken and not released', async () => {
    const ring = createRing(16, 4)
    const producer = startProducer(ring, 100)
    const consumer = openConsumer(ring)
    const held: RingPiece[] = []
    for (let piece = 0; piece < 100; piece++) {
      held.push((await consumer.take())!)
      if (held.length < 3) continue
      await producer.until(Math.min(piece + 2, 100))
      expect(held.map(({ slot }) => new DataView(slot.buffer, slot.byteOffset).getUint32(0))).toEqual([
        ...[piece - 2, piece - 1, piece],
      ])
      held.shift()!.release()
    }
  })

  it('fills the slots of pieces that are released before earlier ones', async () => {
    const ring = createRing(16, 3)
    const producer = startProducer(ring, 100)
    const consumer = openConsumer(ring)
    const first = (await consumer.take())!
    for (let piece = 1; piece < 100; piece++) {
      const taken = (await consumer.take())!
      expect([taken.mark, new DataView(taken.slot.buffer, taken.slot.byteOffset).getUint32(0)]).toEqual([~piece, piece])
      taken.release()
    }
    await producer.until(100)
    expect(new DataView(first.slot.buffer, first.slot.byteOffset).getUint32(0)).toBe(0)
  })

  it('wakes whoever waits when it is closed', async () => {
    const consumer = openConsumer(createRing(8, 2))
    const waiting = consumer.take()
    consumer.close()
    expect(await waiting).toBeUndefined()
    expect(await consumer.take()).toBeUndefined()
  })

  it('gives what was committed before it was closed', async () => {
    const ring = createRing(8, 2)
    const producer = openProducer(ring)
    const consumer = openConsumer(ring)
    producer.space().fill(7)
    producer.commit(3, 5)
    producer.space()
    producer.commit(0, -1)
    consumer.close()
    expect(await consumer.take()).toMatchObject({ mark: 5, length: 3, slot: new Uint8Array(8).fill(7) })
    expect(await consumer.take()).toMatchObject({ mark: -1, length: 0 })
    expect(await consumer.take()).toBeUndefined()
  })
})
