import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareFolders, extractTwice, listByTar, listByUs, otherContents } from '../conformance/open/as-tar.ts'
import { HOST_PROGRAMS, madeHost } from './support/debian-host.ts'
import { execute } from './support/execute.ts'
import { needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const programs = needsRoot(...HOST_PROGRAMS, 'tar', 'xz', 'find', 'diff')

describe.skipIf(programs.skip)(`the root of a Debian system that mmdebstrap made${programs.because}`, () => {
  let scratch: Scratch
  let image = ''

  beforeAll(async () => {
    scratch = createScratch()
    image = join(scratch.folder, 'image')
    // Which of two hard links is the first, and so the file, depends on the order.
    const line =
      'tar -C "$1" --sort=name --exclude="./usr/lib/x86*" --exclude="./usr/share/locale" -c . | xz -0 -T2 --block-size=8MiB > "$2"'
    await execute('sh', ['-c', line, 'sh', await madeHost('bookworm'), image])
  })
  afterAll(() => scratch?.remove())

  it('is listed as GNU tar does it', async () => {
    const expected = listByTar(image)
    expect(expected.length).toBeGreaterThan(5000)
    expect(await listByUs(image)).toEqual(expected)
  })

  it('is extracted and read as GNU tar does it, in part', async () => {
    const paths = ['./etc', './usr/lib/systemd', './var/lib/dpkg']
    const extracted = await extractTwice(image, scratch.make('part'), paths)
    expect(compareFolders(extracted)).toBe('')
    expect(await otherContents(image, extracted.theirs, '/etc/systemd')).toEqual([])
  })
})
