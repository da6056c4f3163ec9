import { describe, expect, it } from 'vitest'
import { pageTitle, pageTitles } from '../../../src/cli/page-title.ts'

describe('the title of a page', () => {
  it('is the name of the file', () => {
    expect(pageTitle('images/web.tar.xz')).toBe('web.tar.xz')
    expect(pageTitle('https://user:secret@host/a/web%20one.tar.xz?token=secret#x')).toBe('web one.tar.xz')
    expect(pageTitle('https://host/%ff.tar')).toBe('%ff.tar')
  })

  it.each([
    ['a/web.tar.xz', 'b/db.tar.xz', 'web.tar.xz', 'db.tar.xz'],
    ['x/a/web.tar.xz', 'y/b/web.tar.xz', 'a/web.tar.xz', 'b/web.tar.xz'],
    ['web.tar.xz', 'https://host/b/web.tar.xz?t=1', 'web.tar.xz', 'b/web.tar.xz'],
    ['https://u:p@host/1/web.tar.xz', 'https://host/2/web.tar.xz', '1/web.tar.xz', '2/web.tar.xz'],
    ['/web.tar.xz', 'web.tar.xz', 'web.tar.xz', 'web.tar.xz'],
  ])('has folders as far as they tell two files apart: %s, %s', (old, after, oldTitle, newTitle) => {
    expect(pageTitles(old, after)).toEqual({ oldTitle, newTitle })
  })
})
