import { describe, expect, it } from 'vitest'
import { StreamMark } from '../../../../src/main/sources/stream-mark.ts'
import { Positions } from '../../../../src/main/workspaces/positions.ts'

const keeping = (text: string | null) => {
  const position = new Positions().of('stream')
  if (text !== null) position.write(() => text)
  return position
}

describe('StreamMark', () => {
  it('goes on from where the source was, and is read back as it stands when it is asked for', () => {
    const position = keeping('{"epoch":"e","offset":7}')
    const mark = new StreamMark(position, () => false)
    expect(mark.place).toEqual({ epoch: 'e', offset: 7 })
    expect(mark.step('e', 8)).toBe('next')
    expect(position.read()).toBe('{"epoch":"e","offset":8}')
    mark.forget()
    expect(position.read()).toBeNull()
  })

  it.each([null, '', 'x', '{}', '{"epoch":"e","offset":-1}', '{"epoch":7,"offset":1}'])(
    'I18: begins from nothing when %j was kept',
    (text) => {
      expect(new StreamMark(keeping(text), () => false).place).toBeNull()
    },
  )

  it('does not go on from a place whose list was never read, until it is given another', () => {
    const position = keeping(null)
    new StreamMark(position, () => true).set({ epoch: 'e', offset: 7 })
    const mark = new StreamMark(position, () => false)
    expect([mark.place, mark.resumable]).toEqual([{ epoch: 'e', offset: 7 }, null])
    expect(position.read()).toBe('{"epoch":"e","offset":7,"owed":true}')
    mark.set({ epoch: 'e', offset: 8 })
    expect(mark.resumable).toEqual({ epoch: 'e', offset: 8 })
    expect(position.read()).toBe('{"epoch":"e","offset":8}')
  })

  it('F51, F52, F53: tells the next event from a known one, a hole, and another history', () => {
    const mark = new StreamMark(keeping(null), () => false)
    mark.set({ epoch: 'e', offset: 3 })
    expect(mark.step('e', 3)).toBe('known')
    expect(mark.step('e', 5)).toBe('hole')
    expect(mark.step('before', 4)).toBe('known')
    expect(mark.place?.offset).toBe(3)
    expect([mark.step('e', 4), mark.step('e', 5), mark.step('e', 4)]).toEqual([
      'next',
      'next',
      'known',
    ])
  })
})
