import { expect } from 'vitest'
import type { RealtimeDesk } from './method-desk-realtime.ts'
import { until } from './until.ts'

type Case = (desk: RealtimeDesk) => Promise<() => unknown>

const now =
  (call: (desk: RealtimeDesk) => unknown): Case =>
  (desk) =>
    Promise.resolve(() => call(desk))

const joined =
  (call: (there: Awaited<ReturnType<RealtimeDesk['joined']>>) => unknown): Case =>
  async (desk) => {
    const there = await desk.joined()
    return () => call(there)
  }

const connection: Record<string, Case> = {
  'client.connect': now(async (desk) => {
    const client = desk.client()
    client.connect()
    await until('it is connected', () => client.isConnected())
  }),
  'client.disconnect': joined(({ client }) => client.disconnect()),
  'client.endpointURL': joined(({ client }) => client.endpointURL()),
  'client.connectionState': joined(({ client }) => expect(client.connectionState()).toBe('open')),
  'client.isConnected': joined(({ client }) => expect(client.isConnected()).toBe(true)),
  'client.isConnecting': joined(({ client }) => expect(client.isConnecting()).toBe(false)),
  'client.isDisconnecting': joined(({ client }) => expect(client.isDisconnecting()).toBe(false)),
  'client.sendHeartbeat': joined(async ({ client }) => {
    const statuses: string[] = []
    client.onHeartbeat((status) => void statuses.push(status))
    await client.sendHeartbeat()
    await until('it is answered', () => statuses.includes('ok'))
  }),
  'client.onHeartbeat': joined(({ client }) => client.onHeartbeat(() => undefined)),
  'client.push': joined(async ({ client, desk }) => {
    client.push({ topic: 'phoenix', event: 'heartbeat', payload: {}, ref: 'by hand' })
    await until('it is answered', () => desk.heard.some((text) => text.includes('"by hand"')))
  }),
  'client.setAuth': joined(async ({ client, desk, channel }) => {
    await client.setAuth(await desk.token())
    expect(channel.state).toBe('joined')
  }),
  'client.log': joined(({ client }) => client.log('transport', 'a line')),
  'client.hasLogger': joined(({ client }) => expect(client.hasLogger()).toBe(false)),
}

const channels: Record<string, Case> = {
  'client.channel': joined(({ client }) => client.channel('another')),
  'client.getChannels': joined(({ client }) => expect(client.getChannels()).toHaveLength(1)),
  'client.removeChannel': joined(async ({ client, channel }) => {
    expect(await client.removeChannel(channel)).toBe('ok')
  }),
  'client.removeAllChannels': joined(async ({ client }) => {
    expect(await client.removeAllChannels()).toEqual(['ok'])
  }),
  'channel.subscribe': now((desk) => desk.joined()),
  'channel.unsubscribe': joined(async ({ channel }) => {
    expect(await channel.unsubscribe()).toBe('ok')
  }),
  'channel.teardown': joined(({ channel }) => channel.teardown()),
  'channel.updateJoinPayload': joined(({ channel }) => channel.updateJoinPayload({ more: 1 })),
  'channel.copyBindings': joined(({ client, channel }) =>
    client.channel('another').copyBindings(channel),
  ),
}

const messages: Record<string, Case> = {
  'channel.on': joined(async ({ channel }) => {
    const heard: unknown[] = []
    channel.on('broadcast', { event: 'word' }, ({ payload }) => void heard.push(payload))
    await channel.send({ type: 'broadcast', event: 'word', payload: { n: 1 } })
    await until('it is heard', () => heard.length === 1)
    expect(heard).toMatchObject([{ n: 1 }])
  }),
  'channel.send': joined(async ({ channel }) => {
    expect(await channel.send({ type: 'broadcast', event: 'word', payload: {} })).toBe('ok')
  }),
  'channel.httpSend': joined(async ({ channel }) => {
    expect(await channel.httpSend('word', {})).toEqual({ success: true })
  }),
  'channel.track': joined(async ({ channel }) => {
    expect(await channel.track({ name: 'Ada' })).toBe('ok')
  }),
  'channel.untrack': async (desk) => {
    const { channel } = await desk.joined()
    await channel.track({ name: 'Ada' })
    return async () => expect(await channel.untrack()).toBe('ok')
  },
  'channel.presenceState': async (desk) => {
    const { channel } = await desk.joined()
    await channel.track({ name: 'Ada' })
    await until('it is seen', () => Object.keys(channel.presenceState()).length === 1)
    return () => expect(Object.values(channel.presenceState())).toMatchObject([[{ name: 'Ada' }]])
  },
}

export const realtimeCases = { ...connection, ...channels, ...messages }
