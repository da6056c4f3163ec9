import { homedir } from 'node:os'

/** The home of this user; `undefined` without HOME and an entry in the user database, as in a unit with DynamicUser=. */
export function homeFolder(): string | undefined {
  try {
    return homedir()
  } catch {
    return undefined
  }
}
