// Writes the paths that LIST names, relative to ROOT, to standard output: node modern-tar.mjs ROOT LIST
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packTar } from 'modern-tar/fs'

const [root, list] = process.argv.slice(2)
const targets = readFileSync(list, 'utf8').split('\n').filter(Boolean)
const sources = targets.map(target => {
  const source = join(root, target)
  return { type: lstatSync(source).isDirectory() ? 'directory' : 'file', source, target }
})
packTar(sources, { map: header => ({ ...header, uid: 0, gid: 0, mtime: new Date(1000) }) }).pipe(process.stdout)
