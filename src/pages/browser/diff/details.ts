/** Details of the selected package: its versions, its sizes, and its store paths in both images. */
import { CHANGE_KINDS } from '../../change-kinds.ts'
import type { PackageData } from '../../diff-data.ts'
import { byId, element, fact } from '../elements.ts'
import { formatBytes, formatGrowth, formatSigned } from '../format.ts'
import { data, formatVersions } from './model.ts'

/** Shows a package. */
export function showDetails(change: PackageData): void {
  const { name, kind, oldPaths, newPaths, oldNar, newNar, oldFile, newFile } = change
  const versions = formatVersions(change)
  const details = byId('details')
  details.hidden = false
  details.replaceChildren(
    element('h2', { id: 'details-title' }, element('i', { class: `swatch k${kind}` }), name),
    element(
      'dl',
      {},
      fact('Change', CHANGE_KINDS[kind]),
      ...(versions === '' ? [] : [fact('Versions', versions)]),
      fact('Unpacked', formatChange(oldNar, newNar)),
      ...(data.hasFileSizes ? [fact('In the file', formatChange(oldFile, newFile))] : []),
    ),
    element(
      'div',
      { class: 'columns' },
      listOf('Only in the old image', oldPaths),
      listOf('Only in the new image', newPaths),
    ),
  )
}

/** Two sizes, and how they differ. */
export function formatChange(old: number, after: number): string {
  const growth = formatGrowth(old, after)
  return `${formatBytes(old)} → ${formatBytes(after)} (${formatSigned(after - old)}${growth && `, ${growth}`})`
}

function listOf(title: string, paths: readonly string[]): HTMLElement {
  return element(
    'div',
    {},
    element('h3', {}, title, ' ', element('small', {}, String(paths.length))),
    paths.length === 0
      ? element('p', {}, 'None.')
      : element('ul', {}, ...paths.map(path => element('li', { class: 'path' }, path))),
  )
}
