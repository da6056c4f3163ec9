import { basename, join } from 'node:path'
import { execute } from './execute.ts'

/** Type, mode, owner, size, time and target of everything in store paths, in the store of a root. */
export function listStore(root: string, paths: readonly string[]): Promise<string> {
  const find = `find "$@" -type d -printf '%p %y %m %U:%G %T@\\n' -o -printf '%p %y %m %U:%G %s %T@ %l\\n'`
  return inStore(root, paths, 'sh', '-c', `${find} | LC_ALL=C sort`, 'sh')
}

/** The NAR hashes of store paths in the store of a root, as Nix computes them. */
export function narHashes(root: string, paths: readonly string[]): Promise<string> {
  return inStore(root, paths, 'nix-hash', '--type', 'sha256')
}

async function inStore(root: string, paths: readonly string[], program: string, ...args: string[]): Promise<string> {
  const names = paths.map(path => basename(path))
  return (await execute(program, [...args, ...names], { cwd: join(root, 'nix/store') })).stdout
}
