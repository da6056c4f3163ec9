import type { OpenCode } from './nspawn-rootfs-error.ts'

/** A problem that does not stop the operation. Plain data. */
export interface Warning {
  /** For programs. */
  readonly code: OpenCode<WarningCode>
  /** The subject: a path in the image, a store path, a unit, a file, or the URL of a cache. */
  readonly path?: string
  /** For people: says what it is about, too. */
  readonly message: string
}

export type WarningCode =
  /** A cache cannot be used. */
  | 'CACHE_UNUSABLE'
  /** Files of a cache have another hash or size than it says, which nobody signs for. */
  | 'CACHE_MISLABELLED'
  /** No cache gives a NAR, and another signed build of the store path is used. */
  | 'OTHER_BUILD_USED'
  /** The block cache failed, or gave what it must not. */
  | 'BLOCK_CACHE_FAILED'
  /** The block cache cannot keep what was made. */
  | 'BLOCK_CACHE_UNWRITABLE'
  /** Blocks in the cache hold something else than the store paths they are kept for. */
  | 'BLOCK_CACHE_CHANGED'
  /** A rule of `check` is broken, which does not keep the image from being imported and booting. */
  | `CHECK_${Uppercase<string>}`
  /** Nothing in the system ends a first boot. */
  | 'FIRST_BOOT_ENDLESS'
  /** No terminal has a login. */
  | 'LOGIN_IMPOSSIBLE'
  | 'UNIT_NOT_ENABLED'
  | 'UNIT_SETTING_IGNORED'
  | 'UNIT_MASKED_MISSING'
  /** A declaration changes a unit that the image does not have. */
  | 'UNIT_MISSING'
  /** `enable: false` does not disable a unit of the store paths. */
  | 'UNIT_NOT_DISABLED'
  /** The machine does not use a file that was declared for systemd. */
  | 'STUB_IGNORED'
  /** Another preset of the system counts. */
  | 'PRESET_OVERRIDDEN'
  /** The configuration of the NixOS system does not suit a container. */
  | 'NIXOS_OPTION'
  /** The NixOS system puts a file of its own there at each boot. */
  | 'ENTRY_REPLACED'
  /** The NixOS system cannot put a file of its own there. */
  | 'ENTRY_IN_THE_WAY'
  /** Systemd-nspawn passes over something in the settings, or over what was downloaded of them. */
  | 'SETTINGS_IGNORED'
  /** Nothing in the image starts with the settings. */
  | 'SETTINGS_UNFIT'
  /** A publication took away the lasting name of an image, or the last version that had the image. */
  | 'IMAGE_WITHDRAWN'
  /** A publication took away another lasting name: a signature, a transfer or settings. */
  | 'FILE_WITHDRAWN'
  /** The newest version of the folder is newer than the date of today, and the automatic name follows it. */
  | 'VERSION_AHEAD'
  /** A file beside the image keeps `pull-tar` from getting it, or nobody can tell. */
  | 'DELIVERY_UNFIT'
  /** An older image cannot be used for what it has in common with one that is pulled. */
  | 'OLDER_IMAGE_UNUSABLE'
  /** Settings beside a pulled image were changed since, and are not replaced. */
  | 'SETTINGS_KEPT'
  /** A likely left-over of a build that this user may not remove. */
  | 'LEFT_OVER_NOT_OWN'
  /** SHA256SUMS had lines that others may have put there, and that are not signed. */
  | 'CHECKSUMS_NOT_OWN'
