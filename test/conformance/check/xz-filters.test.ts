import { join } from 'node:path'
import { expect, it } from 'vitest'
import { checkArchive } from '../../../src/check/index.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { makeOsTree, shell } from './archivers.ts'

const xz = needs('tar', 'xz')

it.skipIf(xz.skip)(`tells how to do without a filter that old systems lack${xz.because}`, async () => {
  const folder = temporaryFolder()
  makeOsTree(folder)
  shell(folder, 'tar -c --sort=name -C tree -f a.tar etc sbin usr; xz --arm64 --lzma2=preset=0 < a.tar > a')
  const { findings } = await checkArchive(join(folder, 'a'))
  expect(findings.map(({ rule, message }) => `${rule}: ${message}`)).toContain(
    'xz-filter: has blocks that need the ARM64 filter, and so liblzma 5.4 (2022): ' +
      'for hosts with an older one, compress the image without --arm64-branches (xz: --arm64)',
  )
})
