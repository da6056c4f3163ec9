import { anyObject, objectOf, text } from '../../arguments.ts'
import { formatSizesPage, kindOf, type SizesData } from '../../pages/index.ts'
import { printable } from '../../printable.ts'
import type { ImageSizes } from './measure.ts'

/** Texts of a page besides the sizes. */
export interface SizesPageOptions {
  /** Its title, such as the name of the image. */
  readonly title: string
}

const checkOptions = objectOf({ title: text }, ['title'])

/** A page in one file that shows sizes: HTML, whose text follows from the arguments alone. Nothing in it asks a network. */
export function sizesPage(sizes: ImageSizes, options: SizesPageOptions): string {
  anyObject(sizes, 'sizes')
  if (![sizes.storePaths, sizes.others, sizes.roots].every(Array.isArray)) {
    throw new TypeError('sizes: give what measureImage resolves to')
  }
  checkOptions(options, 'options')
  return formatSizesPage(dataOf(sizes, options.title))
}

const OTHERS: Readonly<Record<ImageSizes['others'][number]['part'], string>> = {
  entries: '/etc, registration, …',
  container: 'headers of the file',
}

function dataOf({ storePaths, others, roots, fileSize, tarSize, narSize }: ImageSizes, title: string): SizesData {
  const numbers = new Map(storePaths.map(({ path }, number) => [path, number]))
  const numberOf = (path: string) => numbers.get(path) ?? -1
  return {
    title: printable(title),
    fileSize,
    tarSize,
    narSize,
    roots: roots.map(numberOf),
    paths: storePaths.map(path => {
      const base = printable(path.path.replace(/^\/nix\/store\//, ''))
      const name = base.slice(base.indexOf('-') + 1)
      return {
        hash: base.slice(0, base.indexOf('-')),
        name,
        kind: kindOf(name),
        nar: path.narSize,
        tar: path.tarSize,
        file: path.fileSize,
        closure: path.closureSize,
        added: path.addedSize,
        addedFile: path.addedFileSize,
        keeper: numberOf(path.keeper ?? ''),
        references: path.references.map(numberOf),
      }
    }),
    others: others.map(other => ({ name: OTHERS[other.part], tar: other.tarSize, file: other.fileSize })),
  }
}
