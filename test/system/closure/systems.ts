/** Debian's names of the architectures that Nix names as systems. */
export const ARCHITECTURES = { 'x86_64-linux': 'amd64', 'aarch64-linux': 'arm64' } as const

/** What Nix calls the machine that programs are for. */
export type System = keyof typeof ARCHITECTURES

/** That of this machine. */
export const NATIVE_SYSTEM: System = process.arch === 'arm64' ? 'aarch64-linux' : 'x86_64-linux'

export function isSystem(name: string): name is System {
  return Object.hasOwn(ARCHITECTURES, name)
}
