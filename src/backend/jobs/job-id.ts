import { randomBytes } from 'node:crypto'

/** Crockford's base 32: no letter is taken for a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `job_` and 16 characters: time first, so that ids of one day sort and share index pages. */
export function newJobId(nowMs = Date.now()): string {
  let time = nowMs
  let head = ''
  for (let digit = 0; digit < 9; digit += 1) {
    head = (alphabet[time % 32] ?? '0') + head
    time = Math.floor(time / 32)
  }
  const tail = [...randomBytes(7)].map((byte) => alphabet[byte % 32]).join('')
  return `job_${head}${tail}`
}
