import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { machineNameOf } from '../systemd/index.ts'

const IMAGE = /^(?!\.)(.+)\.tar(\.(xz|gz|bz2|zst))?$/

/**
 * The command that pulls each image in a folder that is served at `url`, with as much verification as there is: a signature,
 * checksums, or nothing.
 */
export async function pullLines(url: string, folder: string): Promise<string[]> {
  const checksums = await readFile(join(folder, 'SHA256SUMS'), 'utf8').catch(() => '')
  const isSigned = existsSync(join(folder, 'SHA256SUMS.gpg'))
  const lines: string[] = []
  for (const file of (await readdir(folder)).sort()) {
    const name = IMAGE.exec(file)?.[1]
    if (name === undefined) continue
    const isListed = checksums.split('\n').some(line => /^[0-9a-f]{64} [ *]/.test(line) && line.slice(66) === file)
    const verify = !isListed ? 'no' : isSigned ? 'signature' : 'checksum'
    lines.push(`machinectl pull-tar --verify=${verify} ${url}/${encodeURIComponent(file)} ${machineNameOf(name)}`)
  }
  return lines
}
