import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * Encrypts the secrets of second factors, so that a copy of the database makes no codes. Each is
 * bound to the id of its factor: copied to another row it does not open.
 */
export class FactorSecrets {
  readonly #key: Buffer

  /** @param source drawn when the data folder was made; the key is derived from it */
  constructor(source: string) {
    this.#key = Buffer.from(hkdfSync('sha256', source, '', 'signalbox second factors', 32))
  }

  seal(secret: string, factorId: string): string {
    const nonce = randomBytes(nonceBytes)
    const sealing = createCipheriv(cipher, this.#key, nonce).setAAD(Buffer.from(factorId))
    const sealed = Buffer.concat([sealing.update(secret, 'utf8'), sealing.final()])
    return Buffer.concat([nonce, sealing.getAuthTag(), sealed]).toString('base64url')
  }

  /** @throws when the text was changed, or sealed for another factor or by another data folder */
  open(text: string, factorId: string): string {
    const bytes = Buffer.from(text, 'base64url')
    const nonce = bytes.subarray(0, nonceBytes)
    const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes)
    const opening = createDecipheriv(cipher, this.#key, nonce, { authTagLength: tagBytes })
    opening.setAAD(Buffer.from(factorId)).setAuthTag(tag)
    const sealed = bytes.subarray(nonceBytes + tagBytes)
    return Buffer.concat([opening.update(sealed), opening.final()]).toString('utf8')
  }
}
