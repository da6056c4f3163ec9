/**
 * The folder of a publication:
 *
 *     web.tar.xz, …                         symlinks to ../web_2026-11-25.tar.xz, …: the newest version
 *     web.transfer                          for systemd-sysupdate
 *     SHA256SUMS, with its signatures       of the files of all versions, under each name
 *     publication.json                      see `record.ts`
 */
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { attempt, syncPath } from '../disk/index.ts'
import { CHECKSUMS_FILE, RECORD_FILE, SIGNATURE_FILES } from '../image-files.ts'
import { mergeChecksums } from '../manifest/index.ts'
import type { Signer } from '../signing/index.ts'
import { versionedName } from './layout.ts'
import { formatRecord, type PublishedVersion } from './record.ts'

/** What is published. */
export interface State {
  /** The oldest first. */
  readonly versions: readonly PublishedVersion[]
  /** Transfers, by their names. */
  readonly transfers: ReadonlyMap<string, { readonly text: string; readonly sha256: string }>
  readonly signer: Signer | undefined
  readonly signal: AbortSignal | undefined
}

/** Others may read what is published, and must not change it. */
const FILE_MODE = 0o644
const FOLDER_MODE = 0o755

/** Lets others read a file, whatever the umask: a web server may run as anybody. Durably. */
export async function publishFile(path: string): Promise<void> {
  await chmod(path, FILE_MODE)
  await syncPath(path)
}

/**
 * Lets others read what stands in the folder `out`: `files`, the folder `state` and what is in that. Earlier versions of this
 * program left them as the umask said. What cannot be changed stays as it is. Never rejects.
 */
export async function fixModes(out: string, state: string, files: readonly string[]): Promise<void> {
  const inside = await withDescriptor(() => readdir(join(out, state))).catch(() => [])
  for (const name of [...files, state, ...inside.map(file => join(state, file))]) {
    const path = join(out, name)
    try {
      const found = await lstat(path)
      // What a symlink leads to may be anything.
      if (!found.isFile() && !found.isDirectory()) continue
      const mode = found.isFile() ? FILE_MODE : FOLDER_MODE
      if ((found.mode & 0o777) === mode) continue
      await chmod(path, mode)
      await syncPath(path)
    } catch {}
  }
}

/** Makes the folder of a publication at `path`, durably. `shown` is its path for people. Throws `DiskError`, `SigningError`. */
export async function stageState(path: string, shown: string, state: State): Promise<void> {
  const { versions, transfers, signer, signal } = state
  const { version, images } = versions.at(-1) as PublishedVersion
  const write = (file: string, contents: string | Uint8Array) =>
    attempt(join(shown, file), async () => {
      await withDescriptor(() => writeFile(join(path, file), contents, { mode: FILE_MODE }))
      await publishFile(join(path, file))
    })
  await attempt(shown, async () => {
    await mkdir(path)
    await chmod(path, FOLDER_MODE)
  })
  for (const { name, files } of images) {
    for (const { file } of files) {
      const target = join('..', versionedName(name, version, file))
      await attempt(join(shown, file), () => symlink(target, join(path, file)))
    }
  }
  for (const [file, { text }] of transfers) await write(file, text)
  const checksums = checksumsOf(state)
  await write(CHECKSUMS_FILE, checksums)
  if (signer) {
    const { binary, armored } = await signer.sign(Buffer.from(checksums), signal)
    await write(SIGNATURE_FILES.binary, binary)
    await write(SIGNATURE_FILES.armored, armored)
  }
  await write(RECORD_FILE, formatRecord(versions))
  await attempt(shown, () => syncPath(path))
}

/** The names that stand for what is in the folder of a publication. */
export async function standingNames(path: string): Promise<string[]> {
  return (await withDescriptor(() => readdir(path))).filter(file => file !== RECORD_FILE).sort()
}

/** Whether two folders of publications have the same in them, but for files of some names. */
export async function isSameState(path: string, other: string, except: readonly string[]): Promise<boolean> {
  const contents = async (folder: string) => {
    const entries = await withDescriptor(() => readdir(folder, { withFileTypes: true }))
    const files = entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    const all = files.map(async file => {
      if (except.includes(file.name)) return [file.name]
      const whole = join(folder, file.name)
      return [
        file.name,
        file.isSymbolicLink() ? await readlink(whole) : await withDescriptor(() => readFile(whole, 'latin1')),
      ]
    })
    return JSON.stringify(await Promise.all(all))
  }
  const [ours, others] = await Promise.all([contents(path), contents(other).catch(() => undefined)])
  return ours === others
}

function checksumsOf({ versions, transfers }: State): string {
  const listed = versions.flatMap(({ version, images }, i) =>
    images.flatMap(({ name, files }) =>
      files.flatMap(({ file, sha256 }) => [
        { file: versionedName(name, version, file), sha256 },
        ...(i === versions.length - 1 ? [{ file, sha256 }] : []),
      ]),
    ),
  )
  const others = [...transfers].map(([file, { sha256 }]) => ({ file, sha256 }))
  return mergeChecksums(others, listed)
}
