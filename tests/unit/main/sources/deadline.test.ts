import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../../src/main/lib/app-error.ts'
import { withDeadline } from '../../../../src/main/sources/deadline.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe('withDeadline', () => {
  const begin = (
    run: (signal: AbortSignal) => Promise<string>,
    { clock = new FakeClock(), controller = new AbortController() } = {},
  ): {
    clock: FakeClock
    controller: AbortController
    outcome: Promise<string>
    expectNothingLeft: () => void
  } => {
    const { signal } = controller
    const outcome = withDeadline({ clock, signal, afterMs: 500 }, run).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error
      return `${error.code}: ${error.message}`
    })
    const expectNothingLeft = (): void => {
      expect(clock.armed).toBe(0)
      expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    }
    return { clock, controller, outcome, expectNothingLeft }
  }

  it('answers what comes in time', async () => {
    const { outcome, expectNothingLeft } = begin(() => Promise.resolve('done'))
    expect(await outcome).toBe('done')
    expectNothingLeft()
  })

  it('rejects as what runs does', async () => {
    const { outcome, expectNothingLeft } = begin(() =>
      Promise.reject(new AppError('unreachable', 'no way there')),
    )
    expect(await outcome).toBe('unreachable: no way there')
    expectNothingLeft()
  })

  it('ends after its time what never comes, and tells it', async () => {
    let told: unknown = null
    const { clock, outcome, expectNothingLeft } = begin((signal) => {
      signal.addEventListener('abort', () => {
        told = signal.reason
      })
      return never()
    })
    await clock.advance(499)
    expect(told).toBeNull()
    await clock.advance(1)
    expect(await outcome).toBe('timed_out: no answer within 500 ms')
    expect(told).toMatchObject({ code: 'timed_out' })
    expectNothingLeft()
  })

  it('ends at once what is no longer wanted, though it does not listen', async () => {
    const { controller, outcome, expectNothingLeft } = begin(never)
    await settle()
    controller.abort()
    expectNothingLeft()
    expect(await outcome).toBe('cancelled: no longer wanted')
  })

  it('ends at once what was not wanted to begin with', async () => {
    const controller = new AbortController()
    controller.abort()
    const { outcome, expectNothingLeft } = begin(never, { controller })
    expect(await outcome).toBe('cancelled: no longer wanted')
    expectNothingLeft()
  })
})
