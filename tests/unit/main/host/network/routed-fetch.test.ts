import { describe, expect, it } from 'vitest'
import { chromiumFetch, routedFetch } from '../../../../../src/main/host/network/routed-fetch.ts'
import type { Route } from '../../../../../src/main/host/network/routes.ts'
import type { HttpFetch } from '../../../../../src/main/ports.ts'

type NetFetch = Parameters<typeof chromiumFetch>[0]

const answering =
  (text: string): HttpFetch =>
  () =>
    Promise.resolve(new Response(text))

const fetchOn = (route: Promise<Route>, asked: string[] = []): HttpFetch =>
  routedFetch({
    routes: {
      to: (url) => {
        asked.push(url)
        return route
      },
    },
    direct: answering('direct'),
    system: answering('system'),
  })

describe('a fetch whose way has to be found', () => {
  it.each(['direct', 'system'] as const)('goes the way that leads there: %s', async (route) => {
    const asked: string[] = []
    const fetch = fetchOn(Promise.resolve(route), asked)
    const address = 'https://jobs.example.com/health'
    for (const input of [address, new URL(address), new Request(address)]) {
      expect(await (await fetch(input)).text()).toBe(route)
    }
    expect(asked).toEqual([address, address, address])
  })

  it('asks nobody once it is no longer wanted', async () => {
    const found = Promise.withResolvers<Route>()
    const controller = new AbortController()
    const answer = fetchOn(found.promise)('https://jobs.example.com/', {
      signal: controller.signal,
    })
    controller.abort(new Error('signed out'))
    found.resolve('direct')
    await expect(answer).rejects.toThrow('signed out')
  })
})

describe("Chromium's fetch", () => {
  it('keeps nothing, neither cookies nor answers, and passes the rest on', async () => {
    let seen: unknown
    const net: NetFetch = (input, init) => {
      seen = { input, init }
      return Promise.resolve(new Response('{}'))
    }
    const init = { method: 'POST', body: 'x', redirect: 'manual' } as const
    await chromiumFetch(net)(new URL('https://jobs.example.com/a'), init)
    expect(seen).toEqual({
      input: 'https://jobs.example.com/a',
      init: { ...init, credentials: 'omit', cache: 'no-store' },
    })
  })

  it.each(['Redirect was cancelled', "Attempted to redirect, but redirect policy was 'error'"])(
    'answers a redirect that is not followed as one: %s',
    async (message) => {
      const response = await chromiumFetch(() => Promise.reject(new Error(message)))('https://x.y')
      expect(response.status).toBe(302)
    },
  )

  it('fails with whatever else went wrong', async () => {
    const error = new Error('net::ERR_CERT_DATE_INVALID')
    await expect(chromiumFetch(() => Promise.reject(error))('https://x.y')).rejects.toBe(error)
  })

  it('gives each cookie back by itself, whatever its date says', async () => {
    const cookies = [
      'sb_session=a; Expires=Fri, 20 Nov 2026 14:00:00 GMT; HttpOnly',
      'sb_refresh=b; Path=/api',
    ]
    const headers = { 'set-cookie': cookies.join(', '), 'content-type': 'application/json' }
    const answer = new Response('{"success":true}', { status: 201, headers })
    const response = await chromiumFetch(() => Promise.resolve(answer))('https://x.y')
    expect(response.headers.getSetCookie()).toEqual(cookies)
    expect([response.status, response.headers.get('content-type')]).toEqual([
      201,
      'application/json',
    ])
    expect(await response.json()).toEqual({ success: true })
  })
})
