const BASE = `
  systemd systemd-sysv dbus login passwd bash dash coreutils util-linux procps busybox-static tar xz-utils
  ca-certificates nix-bin`

const MORE = `
  git vim nano less wget curl rsync strace gdb perl python3 python3-pip nodejs gcc-12 cpp-12 libc6-dev binutils llvm-14
  cmake-data sqlite3 gawk gettext texinfo groff man-db manpages manpages-dev locales tzdata gnupg sudo openssh-client
  openssh-server iproute2 iptables kmod`

/** `small` boots; `large` is four times that size, with big files, many files and binaries: the one to measure with. */
export const CLOSURE_SIZES = ['small', 'large'] as const

export type ClosureSize = (typeof CLOSURE_SIZES)[number]

/** The Debian packages asked for; what they depend on comes by itself. */
export function packagesOf(size: ClosureSize): string[] {
  return `${BASE} ${size === 'large' ? MORE : ''}`.split(/\s+/).filter(Boolean)
}
