import { describe, expect, it } from 'vitest'
import { WrongGuesses } from '../../../../src/backend/supabase/wrong-guesses.ts'

function counted(times: number, address = 'alice@acme.test') {
  const clock = { nowMs: 0 }
  const wrong = new WrongGuesses(undefined, () => clock.nowMs)
  for (let time = 0; time < times; time += 1) wrong.add(address)
  return { clock, wrong }
}

describe('wrong guesses', () => {
  it('are enough at thirty, for that address alone, however it is written', () => {
    expect(counted(29).wrong.tooMany('alice@acme.test')).toBe(false)
    const { wrong } = counted(30)
    expect(wrong.tooMany('ALICE@acme.test')).toBe(true)
    expect(wrong.tooMany('amir@acme.test')).toBe(false)
  })

  it('are forgotten after five minutes, and by the right one', () => {
    const { clock, wrong } = counted(30)
    clock.nowMs = 5 * 60_000
    expect(wrong.tooMany('alice@acme.test')).toBe(false)
    const other = counted(30).wrong
    other.forget('alice@acme.test')
    expect(other.tooMany('alice@acme.test')).toBe(false)
  })

  it('of ten thousand addresses are remembered, not of all', () => {
    const { wrong } = counted(30)
    for (let nth = 0; nth < 10_000; nth += 1) wrong.add(`user${nth}@acme.test`)
    expect(wrong.tooMany('alice@acme.test')).toBe(false)
  })
})
