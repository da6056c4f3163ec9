import { expect, it } from 'vitest'
import { openCaches, parseCacheUrl } from '../../../src/binary-cache/index.ts'
import { walkClosure } from '../../../src/binary-cache/walk.ts'
import { createAccess } from '../../../src/nar-file/index.ts'
import { formatNarInfo, parseStorePath } from '../../../src/nix/index.ts'
import { hashOf } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { serve } from '../http/servers.ts'

const HASH = hashOf(new Uint8Array(1))

/** Walks the closure that a cache makes up as it is asked: each narinfo names store paths that are new. */
async function walkEndless(limits: { paths: number; bytes: number }, references: number) {
  const names = new Map([[parseStorePath(storePathOf('0')).digest, '0']])
  const server = await serve((request, response) => {
    const digest = /^\/(\w+)\.narinfo$/.exec(request.url!)?.[1]
    if (digest === undefined) return void response.end('StoreDir: /nix/store\n')
    const paths = Array.from({ length: references }, () => {
      const path = parseStorePath(storePathOf(`${names.size}`))
      names.set(path.digest, `${names.size}`)
      return path
    })
    const info = { url: 'nar/x.nar', compression: 'none', narHash: HASH, narSize: 1, references: paths } as const
    response.end(formatNarInfo({ ...info, path: parseStorePath(storePathOf(names.get(digest)!)), signatures: [] }))
  })
  const access = createAccess({})
  try {
    const trust = { publicKeys: [], required: false }
    const caches = await openCaches(access, [parseCacheUrl(server.at('/').href)], trust, '/nix/store')
    const walk = walkClosure(path => caches.find(path), [parseStorePath(storePathOf('0'))], limits)
    await expect(walk).rejects.toMatchObject({ code: 'CLOSURE_TOO_LARGE', url: server.at('/nar/x.nar').href })
    await walk.catch(({ message }) => expect(message).toContain(`as ${server.at('/').host} tells it`))
    return { asked: server.requests.length, message: await walk.catch(({ message }) => message) }
  } finally {
    await access.close()
  }
}

it('ends a closure that has no end by the number of its store paths', async () => {
  const { asked, message } = await walkEndless({ paths: 200, bytes: 1e9 }, 1)
  expect(message).toContain(`the closure of ${storePathOf('0')} has more than 200 store paths`)
  expect(asked).toBeLessThan(210)
})

it('ends one that names ever more by those that it names', async () => {
  const { asked } = await walkEndless({ paths: 1000, bytes: 1e9 }, 100)
  expect(asked).toBeLessThan(100)
})

it('ends one by the length of its narinfos', async () => {
  const { message } = await walkEndless({ paths: 1e6, bytes: 100_000 }, 5)
  expect(message).toContain('has narinfos of more than 100000 bytes')
})

it('fails at once, whatever other requests are waiting for', async () => {
  const [root, waiting] = ['0', '1'].map(name => parseStorePath(storePathOf(name)))
  const never = new Promise<never>(() => {})
  const find = (path: { readonly path: string }) => (path === waiting ? never : Promise.reject(new Error('not there')))
  await expect(walkClosure(find, [waiting!, root!])).rejects.toThrow('not there')
})
