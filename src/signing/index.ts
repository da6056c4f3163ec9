export { SigningError, type SigningErrorCode } from './errors.ts'
export { generateKeyPair, type KeyOwner, type KeyPair } from './generate.ts'
export { openSigner } from './open.ts'
export type { DetachedSignature, Signer, SigningKey } from './signer.ts'
