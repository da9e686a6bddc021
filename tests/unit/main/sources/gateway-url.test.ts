import { describe, expect, it } from 'vitest'
import { httpUrl, segment, socketUrl } from '../../../../src/main/sources/gateway-url.ts'

describe('an address below the gateway', () => {
  it.each([
    ['https://gate.example', 'api/v1/jobs', 'https://gate.example/api/v1/jobs'],
    ['https://gate.example/', '/api/v1/jobs', 'https://gate.example/api/v1/jobs'],
    ['https://gate.example/base', 'api/v1/jobs?a=/b', 'https://gate.example/base/api/v1/jobs?a=/b'],
    ['https://gate.example/base/', '/api//v1', 'https://gate.example/base/api//v1'],
    ['http://127.0.0.1:8080/http', 'x/http', 'http://127.0.0.1:8080/http/x/http'],
  ])('%s and %s: %s', (gatewayUrl, path, url) => {
    expect(httpUrl(gatewayUrl, path)).toBe(url)
  })

  it.each([
    ['https://gate.example/http', 'ws/progress/a', 'wss://gate.example/http/ws/progress/a'],
    ['http://127.0.0.1:80/', '/ws/http', 'ws://127.0.0.1/ws/http'],
  ])('of a socket: %s and %s', (gatewayUrl, path, url) => {
    expect(socketUrl(gatewayUrl, path)).toBe(url)
  })

  it('F62: has an id as one segment, whatever it holds', () => {
    const url = httpUrl('https://gate.example', `jobs/${segment('a/../b?c#d %e')}/events`)
    expect(url).toBe('https://gate.example/jobs/a%2F..%2Fb%3Fc%23d%20%25e/events')
  })
})
