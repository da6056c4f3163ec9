import type { WriteStream } from 'node:tty'
import { isSettingsFile, settingsFileOf } from '../image-files.ts'
import { type ImageFiles, type ImageResult, machineNameOf, TRUSTED_SETTINGS_FOLDER } from '../index.ts'
import { formatBytes, formatSeconds } from '../units.ts'
import { formatLine, type Line } from './print.ts'
import { shellPath, shortPath } from './shell.ts'

/** The text after a build: the image, and how to use it. */
export function formatSummary(image: ImageResult | ImageFiles, seconds: number, stream: WriteStream): string {
  const ratio = image.tarSize / image.size
  const lines: Line[] = [
    `${image.storePathCount} store paths, ${formatBytes(image.narSize)}: ${verificationOf(image)}`,
    `${formatBytes(image.tarSize)} of tar in ${formatBytes(image.size)} of ${image.format}` +
      `${image.format === 'tar' ? '' : ` (ratio ${ratio.toFixed(2)})`}, in ${formatSeconds(seconds)}`,
  ]
  if ('files' in image) {
    for (const file of image.files) lines.push([{ style: 'bold', text: shortPath(file) }])
    lines.push('', ...nextSteps(image))
  }
  return lines.map(line => `${formatLine(line, stream)}\n`).join('')
}

/** How much this build has verified, and how much came from the block cache. */
function verificationOf({ narSize, cachedNarSize, verifiedNarSize }: ImageResult): string {
  const amount = (size: number) => (size === narSize ? 'all' : formatBytes(size))
  const verified = `${amount(verifiedNarSize)} verified now against NAR hashes`
  const believed = narSize - verifiedNarSize
  if (believed > 0) {
    const rest = `${amount(believed)} believed from the block cache (--cache-verify checks it)`
    return verifiedNarSize > 0 ? `${verified}, ${rest}` : rest
  }
  return cachedNarSize > 0 ? `${verified}, ${amount(cachedNarSize)} of it from the block cache` : verified
}

function nextSteps(image: ImageFiles): string[] {
  const machine = machineNameOf(image.name)
  const settings = image.files.find(isSettingsFile)
  const steps = [
    ...(image.format === 'tar.zst' ? ['systemd 258 or newer only:'] : []),
    `machinectl import-tar ${shellPath(image.image)} ${machine}`,
    // import-tar takes no settings along, unlike pull-tar.
    ...(settings
      ? [`install -D -m 644 ${shellPath(settings)} ${TRUSTED_SETTINGS_FOLDER}/${settingsFileOf(machine)}`]
      : []),
  ]
  if (!image.isToBoot) return [...steps, '(no toplevel: the image is not made to boot)']
  return [
    ...steps,
    `machinectl start ${machine}`,
    // On NixOS the PATH of a shell that machined starts is up to PAM.
    `machinectl shell ${machine} ${image.isNixos ? '/run/current-system/sw/bin/passwd' : '/usr/bin/env passwd'}`,
    `machinectl login ${machine}`,
  ]
}
