// Writes the paths that LIST names, relative to ROOT, to standard output: node tar.mjs ROOT LIST
import { readFileSync } from 'node:fs'
import { create } from 'tar'

const [cwd, list] = process.argv.slice(2)
const entries = readFileSync(list, 'utf8').split('\n').filter(Boolean)
create({ cwd, portable: true, mtime: new Date(1000) }, entries).pipe(process.stdout)
