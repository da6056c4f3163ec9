// Writes the paths that LIST names, relative to ROOT, to standard output: node tar-fs.mjs ROOT LIST
import { readFileSync } from 'node:fs'
import { pack } from 'tar-fs'

const [root, list] = process.argv.slice(2)
const entries = readFileSync(list, 'utf8').split('\n').filter(Boolean)
pack(root, { entries, sort: true, map: header => ({ ...header, uid: 0, gid: 0, mtime: new Date(1000) }) }).pipe(
  process.stdout,
)
