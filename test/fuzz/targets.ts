import { readdirSync } from 'node:fs'
import type { Target } from './target.ts'

const FOLDER = new URL('./targets/', import.meta.url)

/** The names of all targets: of their files. */
export const TARGETS: readonly string[] = readdirSync(FOLDER)
  .map(file => file.replace(/\.ts$/, ''))
  .sort()

/** Where a target is exported. */
export function targetUrl(name: string): string {
  return new URL(`${name}.ts`, FOLDER).href
}

/** Loads a target. */
export async function loadTarget(name: string): Promise<Target> {
  return (await import(targetUrl(name))).target
}
