import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import type { CdpSession, Protocol } from '../browser/cdp.ts'

/** The part of `NativeImage` that a picture of a page needs. */
export interface NativeImage {
  isEmpty: () => boolean
  toPNG: () => Buffer
  toDataURL: () => string
  getSize: () => { width: number; height: number }
}

export function createImage(png: Buffer): NativeImage {
  return {
    isEmpty: () => png.length === 0,
    toPNG: () => png,
    toDataURL: () => `data:image/png;base64,${png.toString('base64')}`,
    // Width and height of the IHDR chunk.
    getSize: () => ({ width: png.readUInt32BE(16), height: png.readUInt32BE(20) }),
  }
}

export async function writeHeapSnapshot(session: CdpSession, path: string): Promise<void> {
  const file = createWriteStream(path, { mode: 0o600 })
  const take = ({ chunk }: Protocol.HeapProfiler.addHeapSnapshotChunkPayload): void => {
    file.write(chunk)
  }
  session.on('HeapProfiler.addHeapSnapshotChunk', take)
  try {
    await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  } finally {
    session.off('HeapProfiler.addHeapSnapshotChunk', take)
    file.end()
  }
  await once(file, 'finish')
}
