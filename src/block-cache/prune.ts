import { DescriptorsError } from '../descriptors.ts'
import { inParallel } from '../in-parallel.ts'
import { parseRecord } from './batch-record.ts'
import { type CacheFolder, readEntry } from './entry-file.ts'
import { type CacheFile, fileNameOf, listFolder, removeFiles } from './listing.ts'

const DAY = 24 * 60 * 60 * 1000

/** Records that are read at a time: Node has four threads for it, and each record takes a descriptor. */
const READS = 4

/**
 * Removes left-overs, and then batches that were not used for longest, until at most `maxSize` bytes are left. Resolves to
 * the bytes removed. Throws `DescriptorsError`, and `BlockCacheError` FOLDER_UNWRITABLE.
 */
export async function pruneFolder(access: CacheFolder, maxSize: number): Promise<number> {
  const { records, blocks, leftOvers } = await listFolder(access)
  const removed = await removeFiles(access, leftOvers)
  if (sizeOf(records) + sizeOf(blocks) <= maxSize) return removed
  const filesByName = new Map(blocks.map(block => [block.name, block]))
  const kept = new Set<string>()
  let size = 0
  for (const record of records.toSorted((a, b) => b.time - a.time)) {
    const names = await blocksOf(access, record)
    const added = names.filter(name => !kept.has(name)).flatMap(name => filesByName.get(name) ?? [])
    size += sizeOf([record, ...added])
    if (size > maxSize) break
    for (const { name } of [record, ...added]) kept.add(name)
  }
  const removedRecords = records.filter(({ name }) => !kept.has(name))
  const named = new Set<string>()
  await inParallel(removedRecords, READS, async record => {
    for (const name of await blocksOf(access, record)) named.add(name)
  })
  // Blocks without a record may be those of a build under way.
  const isPending = ({ name, time }: CacheFile) => maxSize > 0 && !named.has(name) && Date.now() - time < DAY
  const removedBlocks = blocks.filter(block => !kept.has(block.name) && !isPending(block))
  // Records first: the blocks that a record names are there.
  return removed + (await removeFiles(access, [...removedRecords, ...removedBlocks]))
}

/** Bytes of files. */
export function sizeOf(files: readonly CacheFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

/** The names of the files of the blocks that a record names: none if it is damaged. Throws `DescriptorsError`. */
async function blocksOf(access: CacheFolder, { name }: CacheFile): Promise<string[]> {
  const entry = await readEntry(access, name).catch(error => {
    // Such a record is whole, and so are its blocks.
    if (error instanceof DescriptorsError) throw error
  })
  const record = entry && parseRecord(entry.bytes)
  return record?.blocks.map(({ key }) => fileNameOf(key)) ?? []
}
