import { describe, expect, it } from 'vitest'
import { readBounds, writeBounds } from '../../../../src/main/host/window-bounds.ts'
import { MemoryFiles } from '../../../support/memory-ports.ts'

const screens = [{ x: 0, y: 0, width: 1_920, height: 1_080 }]
const usual = { width: 1_280, height: 800 }

describe('the bounds of the window', () => {
  it('are the usual ones at the first start', async () => {
    expect(await readBounds(new MemoryFiles(), screens)).toEqual(usual)
  })

  it('are where the window stood last', async () => {
    const files = new MemoryFiles()
    const bounds = { x: 100, y: 50, width: 900, height: 700 }
    await writeBounds(files, bounds)
    expect(await readBounds(files, screens)).toEqual(bounds)
  })

  it.each([
    { x: 4_000, y: 50 },
    { x: 100, y: 1_070 },
    { x: 100, y: -200 },
  ])('keep only the size when the screen at $x,$y is gone', async (place) => {
    const files = new MemoryFiles()
    await writeBounds(files, { ...place, width: 900, height: 700 })
    expect(await readBounds(files, screens)).toEqual({ width: 900, height: 700 })
  })

  it('are never smaller than the smallest window', async () => {
    const files = new MemoryFiles()
    await writeBounds(files, { x: 0, y: 0, width: 10, height: 10 })
    expect(await readBounds(files, screens)).toMatchObject({ width: 720, height: 480 })
  })

  it.each(['', '{', '[]', '{"x":"a"}', 'null'])('survive a broken file (%j)', async (text) => {
    const files = new MemoryFiles()
    await files.write('window.json', text)
    expect(await readBounds(files, screens)).toEqual(usual)
  })

  it('survive a file that cannot be read', async () => {
    const files = new MemoryFiles()
    files.read = () => Promise.reject(new Error('EIO'))
    expect(await readBounds(files, screens)).toEqual(usual)
  })
})
