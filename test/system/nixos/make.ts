/**
 * Makes toplevels of NixOS systems, two generations of each, whose programs are those of Debian packages and whose layout
 * is that of their release:
 *
 *     node test/system/nixos/make.ts OUT-LINK
 *
 * OUT-LINK becomes a symlink to a folder with a link NAME.GENERATION to each toplevel.
 */
import { join, resolve } from 'node:path'
import { buildClosure, planStorePaths } from '../closure/build.ts'
import { packagesOf } from '../closure/sets.ts'
import { CONFIGURATIONS } from './configurations.ts'
import { layoutOf } from './layout.ts'

const [link] = process.argv.slice(2)
if (link === undefined) throw new Error('usage: node make.ts OUT-LINK')
buildClosure({
  file: join(import.meta.dirname, 'systems.nix'),
  json: {
    // The packages of the small closure are the same store paths here.
    plan: [...planStorePaths(packagesOf('small')), ...planStorePaths(['bash-static'])],
    layouts: Object.values(CONFIGURATIONS).map(layoutOf),
  },
  outLink: resolve(link),
})
