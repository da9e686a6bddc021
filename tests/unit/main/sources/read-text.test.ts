import { describe, expect, it } from 'vitest'
import { readText } from '../../../../src/main/sources/gateway-http.ts'

const mebibyte = 1024 * 1024

describe('readText', () => {
  const inPieces = (...pieces: Uint8Array[]): Response =>
    new Response(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (const piece of pieces) controller.enqueue(piece)
          controller.close()
        },
      }),
    )

  it('puts letters together that were torn apart', async () => {
    const bytes = new TextEncoder().encode('zäh 🚦')
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(await readText(inPieces(...pieces))).toBe('zäh 🚦')
  })

  it('shows that the last letter is torn off', async () => {
    expect(await readText(inPieces(new TextEncoder().encode('ä').slice(0, 1)))).toBe('\ufffd')
  })

  it('counts bytes, over all pieces', async () => {
    const half = new Uint8Array(2 * mebibyte).fill(0x20)
    expect(await readText(inPieces(half, half))).toHaveLength(4 * mebibyte)
    const tooLong = readText(inPieces(half, half, Uint8Array.of(0x20)))
    await expect(tooLong).rejects.toMatchObject({ code: 'protocol_error' })
  })

  it('is nothing without a body, and where it was read before', async () => {
    expect(await readText(new Response(null))).toBe('')
    const read = new Response('once')
    await read.text()
    expect(await readText(read)).toBe('')
  })
})
