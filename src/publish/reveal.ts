/** Replaces the path of a scratch folder, in what a build in it reports, by the path that people know. */
import type { Scratch } from '../disk/index.ts'
import type { ImageFiles } from '../image/index.ts'
import { ImageError } from '../image-error.ts'

/** An image with the paths of its files for people. */
export function revealFiles(image: ImageFiles, scratch: Scratch): ImageFiles {
  return { ...image, image: reveal(image.image, scratch), files: image.files.map(file => reveal(file, scratch)) }
}

/** An error with the path of its file for people. */
export function revealError(error: unknown, scratch: Scratch): unknown {
  if (!(error instanceof ImageError) || !error.path.startsWith(scratch.folder)) return error
  const { code, path, message, cause } = error
  return new ImageError(code, reveal(path, scratch), reveal(message, scratch), { cause })
}

function reveal(text: string, { folder, shown }: Scratch): string {
  return text.replaceAll(folder, shown)
}
