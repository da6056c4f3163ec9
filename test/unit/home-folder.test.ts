import { expect, it, vi } from 'vitest'
import { homeFolder } from '../../src/home-folder.ts'
import { openBlockCache } from '../../src/index.ts'

vi.mock('node:os', async importOriginal => ({
  ...(await importOriginal<object>()),
  homedir() {
    throw Object.assign(new Error('A system error occurred: uv_os_homedir returned ENOENT'), {
      code: 'ERR_SYSTEM_ERROR',
    })
  },
}))

it('of a user whom nobody knows is none', () => {
  expect(homeFolder()).toBeUndefined()
  vi.stubEnv('XDG_CACHE_HOME', '')
  expect(() => openBlockCache()).toThrow('there is no home folder for the block cache: name a folder (--cache-dir)')
})
