import { InvalidArgumentError } from 'commander'
import { checkImageName } from '../index.ts'

/** Takes the name of an image. */
export function imageName(text: string): string {
  try {
    return checkImageName(text)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}
