import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Why a thread does no jobs. */
export type ThreadErrorCode =
  /** It cannot be started, or what it runs cannot be loaded. */
  | 'THREAD_UNLOADABLE'
  /** It ended by itself: out of memory, or by a fault outside of any job. */
  | 'THREAD_ENDED'

/** A worker thread that cannot do its jobs. */
export class ThreadError extends NspawnRootfsError<OpenCode<ThreadErrorCode>> {}

nameErrors(ThreadError, 'ThreadError')
