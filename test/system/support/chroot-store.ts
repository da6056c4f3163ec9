import { join } from 'node:path'
import { NIX_ENV, type TestClosure } from './closures.ts'
import { execute } from './execute.ts'

/** A Nix store below another folder than `/`, with a database of its own. */
export interface ChrootStore {
  /** What stands for `/`. */
  readonly root: string
  readonly database: string
  /** Where a store path, or something in it, is on disk. */
  locate(path: string): string
}

/** Copies a closure into a chroot store at `root`, as `nix copy --to` does. */
export async function copyToChroot({ toplevel }: TestClosure, root: string): Promise<ChrootStore> {
  await execute('nix', ['copy', '--no-check-sigs', '--to', root, toplevel], { env: NIX_ENV })
  return chrootStore(root)
}

/** Copies a chroot store as it is. */
export async function cloneChroot(store: ChrootStore, root: string): Promise<ChrootStore> {
  await execute('cp', ['--archive', `${store.root}/.`, root])
  return chrootStore(root)
}

function chrootStore(root: string): ChrootStore {
  return { root, database: join(root, 'nix/var/nix/db/db.sqlite'), locate: path => join(root, path) }
}
