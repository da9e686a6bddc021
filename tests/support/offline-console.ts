import { expect } from 'vitest'
import type { JobRow } from '../../src/shared/job.ts'
import type { WorkspaceView } from '../../src/shared/workspace.ts'
import { expectNothingOpen } from './expect-nothing-open.ts'
import { MemoryConsole } from './memory-ports-console.ts'
import { wireJob } from './wire-jobs.ts'

/** Where the console keeps the last known state of the profile `line`. */
export const file = 'snapshot-line.sealed'
export const key = 'cache.line'

const open: MemoryConsole[] = []

/** A console of this test; `closeAll` closes it. */
export function newConsole(...parts: ConstructorParameters<typeof MemoryConsole>): MemoryConsole {
  const desk = new MemoryConsole(...parts)
  open.push(desk)
  return desk
}

/** Closes every console of the test, and finds nothing open. */
export async function closeAll(): Promise<void> {
  const desks = open.splice(0)
  for (const desk of desks) await quit(desk)
  for (const { app, sockets, servers, clock } of desks) {
    const { pending } = servers
    expectNothingOpen({ app, sockets: sockets.live, requests: pending, timers: clock.armed })
  }
}

export async function quit(desk: MemoryConsole): Promise<void> {
  await desk.app.close()
  await desk.settle()
}

/** The only workspace. */
export async function view(desk: MemoryConsole): Promise<WorkspaceView | undefined> {
  const answer = await desk.ipc.call('workspaces:list')
  return answer.ok ? answer.value[0] : undefined
}

export async function rows(desk: MemoryConsole): Promise<JobRow[]> {
  const workspaceId = (await view(desk))?.id ?? ''
  const answer = await desk.ipc.call('jobs:open', { workspaceId })
  return answer.ok ? answer.value.rows : []
}

/** Whether each row is only remembered. */
export const byId = (list: JobRow[]) =>
  Object.fromEntries(list.map(({ id, remembered }) => [id, remembered]))

/** Everything that is connecting is accepted, and tells of its job. */
export async function serve(desk: MemoryConsole): Promise<void> {
  for (const socket of desk.sockets.all) {
    if (socket.state !== 'connecting') continue
    const id = new URL(socket.url).pathname.split('/').at(-1) ?? ''
    socket.accept()
    socket.say({ type: 'snapshot', job: desk.servers.jobs.get(id) })
  }
  await desk.settle()
}

/** Signed in and live: one job runs, one waits, one has ended. */
export async function live(desk = newConsole()): Promise<MemoryConsole> {
  desk.servers.put(wireJob())
  desk.servers.put(wireJob({ id: 'waits', status: 'queued', progress: 0 }))
  desk.servers.put(wireJob({ id: 'over', status: 'failed', progress: 40 }))
  await desk.start()
  await desk.signIn()
  await serve(desk)
  await desk.clock.advance(1_000)
  expect((await view(desk))?.connection.kind).toBe('live')
  return desk
}

/** The next start of the app on the same computer. */
export async function next(before: MemoryConsole, { online = true } = {}): Promise<MemoryConsole> {
  const desk = newConsole(before.profiles, before)
  desk.network.online = online
  desk.servers.auth = online ? 'well' : 'unreachable'
  desk.servers.gateway = online ? 'well' : 'unreachable'
  await desk.start()
  return desk
}
