// Writes the paths that LIST names, relative to ROOT, to standard output: node tar-fs.mjs ROOT LIST
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pack } from 'tar-fs'

const [root, list] = process.argv.slice(2)
const paths = readFileSync(list, 'utf8').split('\n').filter(Boolean)
// All lie in one folder. tar-fs 3.1 takes nothing to be inside of "/", so it is asked for what is in that folder.
const folder = paths[0].slice(0, paths[0].lastIndexOf('/'))
const entries = paths.map(path => path.slice(folder.length + 1))
const map = header => ({ ...header, name: `${folder}/${header.name}`, uid: 0, gid: 0, mtime: new Date(1000) })
pack(join(root, folder), { entries, sort: true, map }).pipe(process.stdout)
