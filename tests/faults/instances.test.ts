import { describe, expect } from 'vitest'
import type { EventPayload } from '../../src/shared/ipc/contract.ts'
import { fault } from '../support/fault.ts'
import { MemoryConsole } from '../support/memory-ports-console.ts'
import { Porch } from '../support/porch.ts'
import { wireJob } from '../support/wire-jobs.ts'

/** Signed in and live, with one window that shows its job. */
async function shown() {
  const desk = new MemoryConsole()
  desk.servers.put(wireJob())
  await desk.start()
  const workspaceId = await desk.signIn()
  desk.sockets.last.accept()
  desk.sockets.last.say({ type: 'snapshot', job: wireJob() })
  await desk.ipc.call('jobs:open', { workspaceId })
  await desk.advance(1_000)
  return { desk, workspaceId, [Symbol.asyncDispose]: () => desk.app.close() }
}

describe('windows', () => {
  fault(69, 'one crashes and is reloaded: nothing is dialled, and it is as it was', async () => {
    await using open = await shown()
    const { desk, workspaceId } = open
    const requests = desk.servers.requests.length
    desk.ipc.closeWindow(1)
    desk.sockets.last.say({ type: 'snapshot', job: wireJob({ seq: 2, progress: 60 }) })
    // What a page asks for when it is loaded.
    const views = await desk.ipc.call('workspaces:list')
    const jobs = await desk.ipc.call('jobs:open', { workspaceId })
    expect(views).toMatchObject({ value: [{ id: workspaceId, connection: { kind: 'live' } }] })
    expect(jobs).toMatchObject({ value: { rows: [{ id: 'job-1', progress: 60 }] } })
    expect([desk.sockets.all.length, desk.servers.requests.length]).toEqual([1, requests])
    return `${desk.sockets.all.length - 1} new dials, ${desk.servers.requests.length - requests} requests; live again in the same moment`
  })

  fault(69, 'two show the same over one set of sockets, and one of them goes', async () => {
    await using open = await shown()
    const { desk, workspaceId } = open
    const second = { windowId: 2, trusted: true }
    await desk.ipc.raw('jobs:open', { workspaceId }, second)
    desk.sockets.last.say({ type: 'snapshot', job: wireJob({ seq: 2, progress: 60 }) })
    await desk.advance(500)
    const told = (windowId: number): EventPayload<'jobs:batched'>[] =>
      desk.ipc.sent
        .filter((event) => event.channel === 'jobs:batched' && event.windowId === windowId)
        .map(({ payload }) => payload as EventPayload<'jobs:batched'>)
    const progress = [1, 2].map((id) => told(id).at(-1)?.rows.at(-1)?.progress)
    expect(progress).toEqual([60, 60])
    desk.ipc.closeWindow(2)
    const before = told(2).length
    const [last] = told(1).slice(-1)
    await desk.ipc.call('jobs:acknowledge', { workspaceId, batch: last?.batch ?? 0 })
    desk.sockets.last.say({ type: 'snapshot', job: wireJob({ seq: 3, progress: 70 }) })
    await desk.advance(500)
    expect(told(1).at(-1)?.rows.at(-1)?.progress).toBe(70)
    expect(told(2)).toHaveLength(before)
    expect(desk.sockets.all).toHaveLength(1)
    return `both at ${progress.join()}; ${desk.sockets.all.length} socket; the one that is left goes on`
  })

  fault(69, 'whose process dies is loaded again by the porch', async () => {
    await using porch = Porch.start('granted')
    await porch.called('window.loadURL')
    const { calls, sockets } = await porch.ask('window.webContents render-process-gone')
    expect(calls.filter((call) => call === 'window.webContents.reload')).toHaveLength(1)
    expect(calls.filter((call) => call === 'new BrowserWindow')).toHaveLength(1)
    expect(sockets).toBe(0)
    return 'the porch: reloaded once, no other window'
  })
})

describe('a second instance', () => {
  fault(70, 'leaves before it opens anything', async () => {
    await using porch = Porch.start('taken')
    const { calls, keychainLoaded, sockets } = await porch.called('app.exit')
    const opened = calls.filter((call) => /^(new |ipcMain|session|net|protocol\.handle)/.test(call))
    expect(opened).toEqual([])
    expect(calls.slice(-2)).toEqual(['app.requestSingleInstanceLock', 'app.exit'])
    expect([keychainLoaded, sockets]).toEqual([false, 0])
    return `${opened.length} windows and doors, ${sockets} sockets, keychain not even loaded`
  })

  fault(70, 'brings the window of the first to the front', async () => {
    await using porch = Porch.start('granted')
    const before = await porch.called('window.loadURL')
    const { calls } = await porch.ask('app second-instance')
    const done = calls.slice(before.calls.length).filter((call) => call.startsWith('window.'))
    expect(done.slice(-4)).toEqual([
      'window.isMinimized',
      'window.restore',
      'window.show',
      'window.focus',
    ])
    expect(calls.filter((call) => call === 'new BrowserWindow')).toHaveLength(1)
    expect(before.keychainLoaded).toBe(true)
    return `the first: ${done.slice(-3).join(', ')}`
  })
})
