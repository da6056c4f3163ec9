import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the sources. */
const SRC = fileURLToPath(new URL('../../src/', import.meta.url))

/** A source file, by its path below `src/`, with what it imports: a path below `src/`, or the name of a package. */
export interface SourceFile {
  readonly file: string
  readonly imports: readonly string[]
  readonly lines: number
}

// `import`/`export … from 'x'`, `import 'x'` and `import('x')`. A statement begins a line, so comments do not count, and
// between its keyword and `from` there are names, braces, commas and `*` only.
const STATIC = /^(?:import|export)\s+(?:type\s+)?(?:[\w$*{},\s]+?\s+from\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g
const WORKER_URL = /new URL\([^)]*?'(\.[^']+\.ts)'/g

/** What the text of a module imports, as written. */
export function parseImports(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return [STATIC, DYNAMIC, WORKER_URL].flatMap(pattern => [...code.matchAll(pattern)].map(match => match[1]!))
}

/** All source files. */
export function readSources(folder = SRC): SourceFile[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  return files.sort().map(file => {
    const text = readFileSync(join(folder, file), 'utf8')
    const resolved = parseImports(text).map(name =>
      name.startsWith('.') ? relative(folder, join(folder, dirname(file), name)) : name,
    )
    return { file, imports: [...new Set(resolved)].sort(), lines: text.split('\n').length - 1 }
  })
}

/** The room of a file: its folder below `src/`; `''` for the files beside the rooms. */
export function roomOf(file: string): string {
  return file.includes('/') ? file.split('/', 1)[0]! : ''
}

/** A chain of imports that comes back to where it began, or `undefined`. */
export function findCycle(sources: readonly SourceFile[]): string[] | undefined {
  const imports = new Map(sources.map(source => [source.file, source.imports]))
  const done = new Set<string>()
  const visit = (file: string, chain: readonly string[]): string[] | undefined => {
    const at = chain.indexOf(file)
    if (at >= 0) return [...chain.slice(at), file]
    if (done.has(file)) return undefined
    for (const next of imports.get(file) ?? []) {
      const cycle = visit(next, [...chain, file])
      if (cycle) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const { file } of sources) {
    const cycle = visit(file, [])
    if (cycle) return cycle
  }
  return undefined
}
