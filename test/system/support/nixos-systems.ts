import { join } from 'node:path'
import type { SystemName } from '../nixos/configurations.ts'
import { CLOSURES, digestOf, isValid, type TestClosure, testClosure } from './closures.ts'
import { execute } from './execute.ts'

const SCRIPTS = join(import.meta.dirname, '../nixos')
const CLOSURE_SCRIPTS = join(import.meta.dirname, '../closure')

/** Finds the toplevel of a generation of a system. */
export type FindSystem = (name: SystemName, generation: 1 | 2) => Promise<TestClosure>

/** Systems laid out as those of NixOS (see ../nixos/make.ts), made by the first who asks and kept for later runs. */
export async function nixosSystems(): Promise<FindSystem> {
  const link = join(CLOSURES, `nixos-${digestOf(SCRIPTS, CLOSURE_SCRIPTS)}`)
  if (!(await isValid(link))) await execute(process.execPath, [join(SCRIPTS, 'make.ts'), link])
  return (name, generation) => testClosure(join(link, `${name}.${generation}`))
}
