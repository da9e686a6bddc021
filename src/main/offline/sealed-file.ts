import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * AES-256-GCM. Outside the seal stands only what kind of file this is and in which format; it is
 * authenticated with the rest.
 *
 *     SBXSNAP ‖ format (1) ‖ nonce (12) ‖ sealed bytes ‖ tag (16)
 */
const magic = Buffer.from('SBXSNAP')
const format = 1
const header = Buffer.from([...magic, format])
const nonceBytes = 12
const tagBytes = 16
const cipher = 'aes-256-gcm'

export const keyBytes = 32

export type Unsealed =
  | { readonly kind: 'unsealed'; readonly plain: Buffer }
  /** Written in a format that this version does not know. */
  | { readonly kind: 'outdated' }
  | { readonly kind: 'damaged' }

/** Never twice the same: every file has a nonce of its own. */
export function seal(plain: Uint8Array, key: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes)
  const sealing = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(header)
  const sealed = Buffer.concat([sealing.update(plain), sealing.final()])
  return Buffer.concat([header, nonce, sealed, sealing.getAuthTag()])
}

/** Whatever the bytes are, it answers; only what was sealed with this key comes out, and unchanged. */
export function unseal(bytes: Uint8Array, key: Uint8Array): Unsealed {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.length < header.length + nonceBytes + tagBytes) return { kind: 'damaged' }
  if (!file.subarray(0, magic.length).equals(magic)) return { kind: 'damaged' }
  if (file[magic.length] !== format) return { kind: 'outdated' }
  const sealedAt = header.length + nonceBytes
  const nonce = file.subarray(header.length, sealedAt)
  const tag = file.subarray(-tagBytes)
  try {
    const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
    opening.setAAD(header).setAuthTag(tag)
    const plain = opening.update(file.subarray(sealedAt, -tagBytes))
    return { kind: 'unsealed', plain: Buffer.concat([plain, opening.final()]) }
  } catch {
    return { kind: 'damaged' }
  }
}
