import { beforeEach, describe, expect, it } from 'vitest'
import { Routes } from '../../../../../src/main/host/network/routes.ts'
import { createLog } from '../../../../../src/main/lib/log.ts'
import { FakeClock, settle } from '../../../../support/fake-clock.ts'
import { MemoryNetwork, memoryLog } from '../../../../support/memory-ports.ts'

const proxy = 'PROXY proxy.example:3128; DIRECT'
let clock: FakeClock
let network: MemoryNetwork
let log: ReturnType<typeof memoryLog>
let asked: string[]
let answer: (url: string) => Promise<string>
let prepared: number
let routes: Routes

beforeEach(() => {
  clock = new FakeClock()
  network = new MemoryNetwork()
  log = memoryLog()
  asked = []
  answer = async () => 'DIRECT'
  prepared = 0
  routes = new Routes({
    resolveProxy: (url) => {
      asked.push(url)
      return answer(url)
    },
    prepareTrust: () => (prepared += 1),
    network,
    clock,
    log: createLog('test', clock, log.sink),
  })
})

describe('the way to a server', () => {
  it.each([
    ['DIRECT', 'direct'],
    ['direct; PROXY proxy.example:3128', 'direct'],
    ['', 'direct'],
    [proxy, 'system'],
    ['SOCKS5 127.0.0.1:1080', 'system'],
    ['HTTPS proxy.example:443', 'system'],
  ])('is, where the system says "%s", %s', async (said, route) => {
    answer = async () => said
    expect(await routes.to('https://jobs.example.com/')).toBe(route)
    expect(clock.armed).toBe(0)
  })

  it('is asked for without path, query or user: they may hold a token', async () => {
    await routes.to('wss://user:pass@jobs.example.com:8443/ws/progress/a?token=secret')
    expect(asked).toEqual(['wss://jobs.example.com:8443/'])
    expect(log.lines.join()).not.toMatch(/secret|pass|progress/)
  })

  it('is asked for once by all who go there at the same time, and a minute long', async () => {
    await Promise.all([1, 2, 3].map(() => routes.to('https://jobs.example.com/api')))
    await clock.advance(59_999)
    await routes.to('https://jobs.example.com/other')
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    await routes.to('https://jobs.example.com/')
    await routes.to('https://auth.example.com/')
    expect(asked).toHaveLength(3)
  })

  it('is asked for anew in another place on the network', async () => {
    expect(await routes.to('https://jobs.example.com/')).toBe('direct')
    network.where = 'office'
    answer = async () => proxy
    expect(await routes.to('https://jobs.example.com/')).toBe('system')
  })

  it('is straight when nobody answers within 3 s, and an answer is waited for no longer', async () => {
    answer = () => new Promise(() => {})
    const route = routes.to('https://jobs.example.com/')
    let settled = false
    void route.then(() => (settled = true))
    await clock.advance(2_999)
    expect(settled).toBe(false)
    await clock.advance(1)
    expect(await route).toBe('direct')
    expect(clock.armed).toBe(0)
  })

  it('is straight when it cannot be found out, and for what is no address', async () => {
    answer = () => Promise.reject(new Error('no network service'))
    expect(await routes.to('https://jobs.example.com/')).toBe('direct')
    expect(clock.armed).toBe(0)
    expect(await routes.to('nonsense')).toBe('direct')
    expect(asked).toHaveLength(1)
  })

  it('prepares the trust of Node once, before the first secure way that needs it', async () => {
    await routes.to('http://127.0.0.1:8080/')
    answer = async () => proxy
    await routes.to('https://proxied.example.com/')
    expect(prepared).toBe(0)
    answer = async () => 'DIRECT'
    const route = routes.to('wss://jobs.example.com/')
    await settle()
    expect(prepared).toBe(1)
    await route
    await routes.to('https://auth.example.com/')
    expect(prepared).toBe(1)
  })
})
