/** The owner and group of an entry, of UID:GID; nothing for an entry without an owner. */
export function ownerOf(owner: string | undefined): { uid?: number; gid?: number } {
  if (owner === undefined) return {}
  const [uid, gid] = owner.split(':').map(Number)
  return { uid, gid }
}
