import { describe, expect, it } from 'vitest'
import { traceIpc } from '../../../../src/main/ipc/trace.ts'
import { succeeded } from '../../../../src/shared/failure.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { MemoryIpcPort } from '../../../support/memory-ports.ts'

const open = () => {
  const port = new MemoryIpcPort()
  const lines: string[] = []
  const traced = traceIpc(port, new FakeClock(), (line) => lines.push(line))
  const entries = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  return { port, traced, lines, entries }
}

describe('the IPC trace', () => {
  it('writes a call and its answer under one number', async () => {
    const { port, traced, entries } = open()
    traced.onCall(async () => succeeded('yes'))
    await port.raw('app:describe')
    expect(entries()).toMatchObject([
      { way: 'in', call: 1, channel: 'app:describe', trusted: true },
      { way: 'out', call: 1, channel: 'app:describe', body: { ok: true, value: 'yes' } },
    ])
  })

  it('writes every event, whole, so that a leak would be seen', () => {
    const { port, traced, entries } = open()
    traced.send('jobs:batched', { token: 'canary' }, 3)
    expect(entries()).toMatchObject([
      { way: 'out', channel: 'jobs:batched', windowId: 3, body: { token: 'canary' } },
    ])
    expect(port.sent).toHaveLength(1)
  })

  it('masks the passwords that a window sends, and passes them on unmasked', async () => {
    const { port, traced, lines } = open()
    let seen: unknown
    traced.onCall(async (_channel, argument) => {
      seen = argument
    })
    await port.raw('session:sign-in', { email: 'a@b.c', password: 'hunter2' })
    await port.raw('profiles:save', { profile: { demoUsers: [{ password: 'hunter2' }] } })
    expect(lines.join()).not.toContain('hunter2')
    expect(lines.join()).toContain('a@b.c')
    expect(seen).toEqual({ profile: { demoUsers: [{ password: 'hunter2' }] } })
  })
})
