/** A thread that claims numbers until none is left, and posts those it got. */
import { parentPort, workerData } from 'node:worker_threads'
import { type ClaimsMemory, claimNumbers } from '../../../src/pool/index.ts'

const { claims, owner } = workerData as { claims: ClaimsMemory; owner: number }
parentPort!.postMessage([...claimNumbers(claims, owner)])
