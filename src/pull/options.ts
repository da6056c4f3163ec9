import {
  abortSignal,
  type Check,
  callback,
  either,
  filePath,
  flag,
  listOf,
  objectOf,
  oneOf,
  withMethods,
} from '../arguments.ts'
import type { BlockCache } from '../block-cache/index.ts'
import { SERVER_OPTIONS, type ServerOptions } from '../image-source/index.ts'

/** How far a server is believed, as `machinectl pull-tar --verify` has it. */
export const VERIFICATIONS = ['signature', 'checksum', 'no'] as const
export type Verify = (typeof VERIFICATIONS)[number]

/** How an image is pulled. */
export interface PullOptions extends ServerOptions {
  /**
   * What has to be right: the signature of SHA256SUMS, and all files by it (`signature`); all files by SHA256SUMS, whoever
   * wrote it (`checksum`); nothing but the image by its manifest, if there is one (`no`). Default `signature`.
   */
  readonly verify?: Verify
  /**
   * Files with the public keys that are trusted: armored, binary, or a keybox of GnuPG. Default: the keyring in
   * `/etc/systemd` that pull-tar reads, or else that in `/usr/lib/systemd`.
   */
  readonly keyrings?: readonly string[]
  /** Older images, with their manifests beside them, besides those in the folder: what they have is not fetched. */
  readonly from?: readonly string[]
  /** The block cache of builds on this machine, `false` for none. Default: a folder of the user's, see `openBlockCache`. */
  readonly cache?: BlockCache | false
  /**
   * Whether changed blocks are made here of what older images have, where that saves bytes: it costs as much processor time as
   * building these blocks does. Default false.
   */
  readonly saveTraffic?: boolean
  /** Whether something older may be pulled than was published at the URL before. Default false. */
  readonly allowDowngrade?: boolean
  /**
   * Told how far it is after each part that was found or has come, up to thousands of times a second; the last time tells all
   * of the image. Not called where it is there already. If it throws, or returns a promise that rejects, the pull rejects with
   * that error.
   */
  readonly onProgress?: (progress: PullProgress) => void
  /**
   * Told true once nothing has come from the server for ten seconds, and false when it answers again. If it throws, or returns a
   * promise that rejects, the pull rejects with that error.
   */
  readonly onSilence?: (isSilent: boolean) => void
  /** Aborting it ends the pull, which rejects with the signal's reason; what is there is kept for the next one. */
  readonly signal?: AbortSignal
}

/** How far a pull is. Bytes of the image file. */
export interface PullProgress {
  /** Taken from what lies on this machine. */
  readonly bytesReused: number
  /** Fetched. */
  readonly bytesFetched: number
  /** All; `undefined` if the server does not say. */
  readonly bytesTotal?: number
}

const KEYS = {
  ...SERVER_OPTIONS,
  verify: oneOf(VERIFICATIONS),
  keyrings: listOf(filePath),
  from: listOf(filePath),
  cache: either(value => value === false, flag, withMethods('get', 'put')),
  saveTraffic: flag,
  allowDowngrade: flag,
  onProgress: callback,
  onSilence: callback,
  signal: abortSignal,
} as const satisfies Record<keyof PullOptions, Check>

export const checkPullOptions = objectOf(KEYS)
