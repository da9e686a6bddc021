import { describe, expect, it } from 'vitest'
import { createPublish } from '../../../../src/main/ipc/publish.ts'
import { createLog } from '../../../../src/main/lib/log.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { MemoryIpcPort, memoryLog } from '../../../support/memory-ports.ts'

const open = () => {
  const port = new MemoryIpcPort()
  const log = memoryLog()
  const controller = new AbortController()
  const publish = createPublish({
    port,
    log: createLog('wall', new FakeClock(), log.sink),
    signal: controller.signal,
  })
  return { port, log, controller, publish }
}
const batch = { workspaceId: 'w', batch: 1, rows: [], removed: [], groups: [] }

describe('the wall, outward', () => {
  it('sends a payload to every window, or to one', () => {
    const { port, publish } = open()
    publish('jobs:batched', batch)
    publish('jobs:batched', { ...batch, batch: 2 }, 7)
    expect(port.sent.map(({ windowId }) => windowId)).toEqual([null, 7])
  })

  it('drops what the contract does not name', () => {
    const { port, publish } = open()
    const wide = { ...batch, accessToken: 'canary' }
    publish('jobs:batched', wide)
    expect(JSON.stringify(port.sent)).not.toContain('canary')
  })

  it('sends nothing that breaks the contract, and logs where it broke', () => {
    const { port, log, publish } = open()
    publish('jobs:batched', { ...batch, batch: 'canary' } as never)
    expect(port.sent).toEqual([])
    expect(log.lines.join()).toContain('"field":"batch"')
    expect(log.lines.join()).not.toContain('canary')
  })

  it('is silent once its scope is', () => {
    const { port, controller, publish } = open()
    controller.abort()
    publish('jobs:batched', batch)
    expect(port.sent).toEqual([])
  })
})
