/**
 * A text as one whole frame of a server (RFC 6455 §5.2: unmasked), ready for any number of
 * sockets. What is built once is written as it is, a thousand times.
 */
export function textFrame(text: string): Buffer {
  const size = Buffer.byteLength(text)
  const headSize = size < 126 ? 2 : size < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headSize + size)
  frame[0] = 0x81
  if (headSize === 2) {
    frame[1] = size
  } else if (headSize === 4) {
    frame[1] = 126
    frame.writeUInt16BE(size, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(size), 2)
  }
  frame.write(text, headSize, 'utf8')
  return frame
}

/** `job` is JSON already. */
export const eventFrame = (offset: number, job: string): Buffer =>
  textFrame(`{"type":"event","offset":${offset},"job":${job}}`)
