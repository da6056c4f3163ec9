/** The name of an image in a report. Of a URL, only the path is shown: reports are passed on, and a query may hold a token. */
import { decodePercent } from '../decode-percent.ts'
import { isHttp } from '../is-http.ts'

/** The name of an image's file. */
export function pageTitle(image: string): string {
  return lastNames(image, 1)
}

/** The names of two files, with as many folders in front as make them differ. */
export function pageTitles(old: string, after: string): { readonly oldTitle: string; readonly newTitle: string } {
  const longest = Math.max(namesOf(old).length, namesOf(after).length)
  for (let count = 1; ; count++) {
    const titles = { oldTitle: lastNames(old, count), newTitle: lastNames(after, count) }
    if (titles.oldTitle !== titles.newTitle || count >= longest) return titles
  }
}

function lastNames(image: string, count: number): string {
  return namesOf(image).slice(-count).join('/')
}

function namesOf(image: string): string[] {
  const path = isHttp(image) && URL.canParse(image) ? decodePercent(new URL(image).pathname) : image
  return path.split('/').filter(name => name !== '')
}
