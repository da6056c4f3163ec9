import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type FolderServer, type ServeOptions, serveFolder } from '../../../src/serve/index.ts'
import { temporaryFolder } from '../../temporary.ts'

/** What is in a folder: contents of files, or where a symlink leads. */
export type Contents = Record<string, string | Uint8Array | { link: string }>

/** A folder, removed when the test is over. */
export function folderOf(contents: Contents): string {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(contents)) {
    const file = join(folder, name)
    mkdirSync(dirname(file), { recursive: true })
    if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, file)
    else writeFileSync(file, content)
  }
  return folder
}

/** Serves a folder at any port until the test is over. */
export async function serve(folder: string, options: ServeOptions = {}): Promise<FolderServer> {
  const server = await serveFolder(folder, { port: 0, ...options })
  onTestFinished(() => server.close())
  return server
}

/** Answers to a request whose target is sent as it is, which fetch would make a proper path first. */
export async function ask(url: string, path: string, method = 'GET'): Promise<{ status?: number; body: string }> {
  const { hostname, port } = new URL(url)
  const asked = request({ hostname, port, path, method, agent: false }).end()
  const [response] = await once(asked, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, body }
}
