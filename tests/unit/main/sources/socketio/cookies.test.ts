import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Cookies } from '../../../../../src/main/sources/socketio/cookies.ts'

const answer = (...lines: string[]) => ({
  headers: new Headers(lines.map((line) => ['set-cookie', line])),
})
const sent = (cookies: Cookies, url: string): string | undefined =>
  cookies.headers(url).Cookie?.reveal()

describe('Cookies', () => {
  it('go where they belong and nowhere else', () => {
    const cookies = new Cookies()
    cookies.take(
      'https://gw.example/api/auth/session/bridge',
      answer(
        'sb_session=s1; Path=/; HttpOnly; Secure; SameSite=Lax',
        'sb_refresh=r1; Path=/api/auth/session; HttpOnly; Secure; SameSite=Lax',
      ),
    )
    expect(sent(cookies, 'https://gw.example/socket.io/')).toBe('sb_session=s1')
    expect(sent(cookies, 'wss://gw.example/socket.io/')).toBe('sb_session=s1')
    expect(sent(cookies, 'https://gw.example/api/auth/session/refresh')).toBe(
      'sb_refresh=r1; sb_session=s1',
    )
    expect(sent(cookies, 'http://gw.example/socket.io/')).toBeUndefined()
    expect(sent(cookies, 'https://other.example/socket.io/')).toBeUndefined()
  })

  it('are secure on this computer without TLS', () => {
    const cookies = new Cookies()
    const url = 'http://127.0.0.1:8000/api/auth/session/bridge'
    cookies.take(url, answer('sb_session=s1; Path=/; Secure'))
    expect(sent(cookies, 'ws://127.0.0.1:8000/socket.io/')).toBe('sb_session=s1')
  })

  it('can be taken back by the server', () => {
    const cookies = new Cookies()
    const url = 'https://gw.example/'
    cookies.take(url, answer('a=1; Path=/'))
    cookies.take(url, answer('a=; Path=/; Max-Age=0'))
    expect(sent(cookies, url)).toBeUndefined()
  })

  it('go to the host that set them alone, unless it says its domain', () => {
    const cookies = new Cookies()
    cookies.take('https://gw.example/', answer('own=1; Path=/', 'all=2; Path=/; Domain=gw.example'))
    expect(sent(cookies, 'https://a.gw.example/')).toBe('all=2')
    expect(sent(cookies, 'https://gw.example/')).toBe('own=1; all=2')
    expect(sent(cookies, 'https://xgw.example/')).toBeUndefined()
  })

  it('belong to the folder of the address where no path is said', () => {
    const cookies = new Cookies()
    cookies.take('https://gw.example/socket.io/', answer('sticky=1'))
    expect(sent(cookies, 'https://gw.example/socket.io/?EIO=4')).toBe('sticky=1')
    expect(sent(cookies, 'https://gw.example/api/')).toBeUndefined()
  })

  it.each(['Max-Age=-1', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])('are over with %s', (end) => {
    const cookies = new Cookies()
    cookies.take('https://gw.example/', answer(`a=1; Path=/; ${end}`, 'b=2; Path=/'))
    expect(sent(cookies, 'https://gw.example/')).toBe('b=2')
  })

  it('replace those of the same name and path, and no others', () => {
    const cookies = new Cookies()
    cookies.take('https://gw.example/', answer('a=1; Path=/', 'b=2; Path=/'))
    cookies.take('https://gw.example/', answer('a=3; Path=/'))
    expect(sent(cookies, 'https://gw.example/')).toBe('a=3; b=2')
  })

  it('are gone once cleared, and nothing is sent then', () => {
    const cookies = new Cookies()
    cookies.take('https://gw.example/', answer('a=1; Path=/'))
    cookies.clear()
    expect(cookies.headers('https://gw.example/')).toEqual({})
    cookies.take('https://gw.example/', answer('b=2; Path=/'))
    expect(sent(cookies, 'https://gw.example/')).toBe('b=2')
  })

  it('that make no sense do not keep out those behind them', () => {
    const cookies = new Cookies()
    cookies.take('https://gw.example/', answer('a=1; Domain=bank.example', 'b=2; Path=/'))
    expect(sent(cookies, 'https://gw.example/')).toBe('b=2')
  })

  it('that belong to somebody else, or make no sense, are left out', () => {
    const cookies = new Cookies()
    cookies.take(
      'https://gw.example/',
      answer('a=1; Domain=bank.example', 'b=2; Domain=com', '=;;'),
    )
    expect(sent(cookies, 'https://gw.example/')).toBeUndefined()
  })

  it('are not printed', () => {
    const cookies = new Cookies()
    cookies.take('https://gw.example/', answer('sb_session=secret-value; Path=/'))
    expect(inspect(cookies, { depth: 10 })).not.toContain('secret-value')
    expect(JSON.stringify(cookies)).not.toContain('secret-value')
    expect(String(cookies.headers('https://gw.example/').Cookie)).toBe('[secret]')
  })
})
