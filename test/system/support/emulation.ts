/** aarch64 on another machine: the kernel hands its programs to qemu-user, also in containers. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NATIVE_SYSTEM } from '../closure/systems.ts'
import { execute } from './execute.ts'

/** Whether programs for aarch64 are emulated here. */
export const IS_EMULATED = NATIVE_SYSTEM !== 'aarch64-linux'

/** The programs that it takes. */
export const EMULATION_PROGRAMS: readonly string[] = IS_EMULATED
  ? ['qemu-aarch64-static', 'update-binfmts', 'mount']
  : []

const REGISTRY = '/proc/sys/fs/binfmt_misc'

/** Registers the emulator, as it is where systemd runs once Debian's qemu-user-static is installed. */
export async function enableEmulation(): Promise<void> {
  if (!IS_EMULATED) return
  if (!existsSync(join(REGISTRY, 'register'))) await execute('mount', ['-t', 'binfmt_misc', 'binfmt_misc', REGISTRY])
  const entry = join(REGISTRY, 'qemu-aarch64')
  if (!existsSync(entry)) await execute('update-binfmts', ['--enable', 'qemu-aarch64'])
  // F: the kernel has opened the emulator, so it need not exist in a container.
  const registered = readFileSync(entry, 'utf8')
  if (!/^enabled$/m.test(registered) || !/^flags: .*F/m.test(registered)) throw new Error(`${entry}: ${registered}`)
}
