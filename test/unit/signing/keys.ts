import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMessage, readKey, readSignature, verify } from 'openpgp'
import { temporaryFolder } from '../../temporary.ts'

/** A file with these contents, removed when the test is over. */
export function keyFile(contents: string | Uint8Array): string {
  const file = join(temporaryFolder(), 'key')
  writeFileSync(file, contents)
  return file
}

/** When OpenPGP.js says that a signature was made; rejects if it is not one of the contents by the key. */
export async function verifiedDate(signature: Uint8Array, contents: Uint8Array, armoredKey: string): Promise<Date> {
  const { signatures } = await verify({
    message: await createMessage({ binary: contents }),
    signature: await readSignature({ binarySignature: signature }),
    verificationKeys: await readKey({ armoredKey }),
  })
  await signatures[0].verified
  return (await signatures[0].signature).packets[0].created!
}
