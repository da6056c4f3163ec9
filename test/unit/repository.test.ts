import { readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const ROOT = new URL('../../', import.meta.url)

function read(file: string): string {
  return readFileSync(new URL(file, ROOT), 'utf8')
}

const { repository, homepage, bugs, scripts } = JSON.parse(read('package.json'))
const address = repository.url.replace(/^git\+|\.git$/g, '')

describe('the repository', () => {
  it('has one address', () => {
    expect([homepage, bugs]).toEqual([`${address}#readme`, `${address}/issues`])
    const files = ['CHANGELOG.md', '.github/SECURITY.md', '.github/ISSUE_TEMPLATE/config.yml']
    for (const file of files) {
      const links = read(file).match(/https:\/\/github\.com\/[^\s)]+/g)
      expect(links?.filter(link => !link.startsWith(`${address}/`))).toEqual([])
    }
  })

  it('has documents whose links lead to files', () => {
    for (const file of ['CHANGELOG.md', '.github/CONTRIBUTING.md', '.github/SECURITY.md']) {
      for (const [, link] of read(file).matchAll(/\]\((?!https:)([^)#]+)/g)) {
        expect(statSync(new URL(link!, new URL(file, ROOT))).isFile()).toBe(true)
      }
    }
  })

  it('has workflows that run what there is', () => {
    for (const name of readdirSync(new URL('.github/workflows', ROOT))) {
      const { on, jobs } = parse(read(`.github/workflows/${name}`))
      expect(Object.keys(on)).not.toEqual([])
      for (const { uses, steps = [] } of Object.values<{ uses?: string; steps?: { run?: string }[] }>(jobs)) {
        if (uses) expect(parse(read(uses)).on).toHaveProperty('workflow_call')
        for (const { run = '' } of steps) {
          if (run.startsWith('.ci/')) expect(statSync(new URL(run, ROOT)).mode & 0o111).toBe(0o111)
          for (const [, script] of run.matchAll(/npm run (\S+)/g)) expect(scripts).toHaveProperty([script!])
        }
      }
    }
  })

  it('has forms for issues that GitHub knows how to show', () => {
    const folder = '.github/ISSUE_TEMPLATE'
    for (const name of readdirSync(new URL(folder, ROOT)).filter(name => name !== 'config.yml')) {
      const { name: title, description, body } = parse(read(`${folder}/${name}`))
      expect([title, description]).toEqual([expect.any(String), expect.any(String)])
      for (const { type, id, attributes } of body) {
        if (type === 'markdown') expect(attributes).toEqual({ value: expect.any(String) })
        else expect([type, id, attributes.label]).toEqual([expect.stringMatching(/^(input|textarea)$/), ...any(2)])
      }
    }
  })
})

describe('the lock file', () => {
  it('has the packages of every platform, else npm ci fails', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) => {
      const has = (name: string) => foldersAbove(path).some(folder => `${folder}node_modules/${name}` in packages)
      return Object.keys(optionalDependencies).filter(name => !has(name))
    })
    expect(missing).toEqual([])
  })
})

function any(count: number) {
  return Array.from({ length: count }, () => expect.any(String))
}

/** Where Node looks for the dependencies of a package: in its own folder, and in those that it lies in. */
function foldersAbove(path: string): string[] {
  if (path === '') return ['']
  return [`${path}/`, ...foldersAbove(path.slice(0, path.lastIndexOf('node_modules/')).replace(/\/$/, ''))]
}
