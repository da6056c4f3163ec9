/** Lets system calls of a build fail, or kills it in them: strace(1) can do that to each call of a kind by its number. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ImageSpec } from '../../../src/index.ts'
import { HANGS_AFTER } from './execute.ts'

/** What to build. */
export interface DeliveryPlan {
  readonly specs: readonly ImageSpec[]
  readonly folder: string
  /** Set if the images are to be published. */
  readonly publish?: { readonly version: string; readonly keep?: number }
}

/** What came of it. */
export interface DeliveryReport {
  readonly error?: {
    readonly name: string
    readonly message: string
    readonly code: string
    readonly path?: string
    readonly isTyped: boolean
  }
}

/** What came of one that was meddled with. */
export interface Delivered extends DeliveryReport {
  /** Whether there was such a call. */
  readonly isStruck: boolean
}

/** A system call, and what to do to it. */
export interface Injection {
  readonly call: string
  /** As `when` of strace has it: `3` for the third call, `3+` for it and all that follow. */
  readonly when: string
  readonly effect: 'signal=KILL' | 'error=EIO'
}

/** The system calls by which names change, and that which makes it durable. */
export const CALLS = ['rename', 'link', 'unlink', 'fsync'] as const

/** Those by which a build comes and goes. */
export const OTHER_CALLS = ['symlink', 'mkdir', 'rmdir'] as const

const PROGRAM = join(import.meta.dirname, 'delivery-program.ts')

/** Builds in a process of its own; `log` is a file for strace. */
export async function deliver(plan: DeliveryPlan, injection: Injection, log: string): Promise<Delivered> {
  const { call, when, effect } = injection
  // The kernel stops the process in these calls only, not in all.
  const strace = ['--follow-forks', '--seccomp-bpf', '-qq', '-o', log, '-e', `trace=${call}`, '-e', 'signal=none']
  const inject = ['-e', `inject=${call}:${effect}:when=${when}`]
  const args = [...strace, ...inject, process.execPath, PROGRAM, JSON.stringify(plan)]
  // One thread makes all calls that are waited for: so they come in one order, and have one count.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const options = { env, timeout: HANGS_AFTER, killSignal: 'SIGKILL' } as const
  return new Promise((resolve, reject) => {
    execFile('strace', args, options, (error, stdout, stderr) => {
      if (error?.signal === 'SIGKILL' && !error.killed) resolve({ isStruck: true })
      else if (error) reject(new Error(`${call} ${when}: ${stderr}`, { cause: error }))
      else
        resolve({ ...(JSON.parse(stdout) as DeliveryReport), isStruck: readFileSync(log, 'utf8').includes('INJECTED') })
    })
  })
}
