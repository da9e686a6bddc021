import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settleAll } from '../../../../support/fake-clock.ts'
import { handshake, IoBench, ok, packets } from '../../../../support/io-bench.ts'

let bench: IoBench

const mib = 1024 * 1024
const broken = { code: null, reason: '', status: null, retryAfterMs: null, errorCode: null }
const nonsense = { ...broken, errorCode: 'WS_ERR_UNEXPECTED_MESSAGE' }

beforeEach(() => {
  bench = new IoBench()
})

afterEach(async () => {
  await bench.close()
  expect(bench.clock.armed).toBe(0)
  expect(bench.sockets.live).toBe(0)
  for (const { signal } of bench.polls) expect(signal?.aborted).toBe(true)
})

/** Has no websocket, and waits for the answer to its first poll. */
async function polling(): Promise<void> {
  await bench.open()
  await bench.end({ errorCode: 'ECONNRESET' })
}

describe('a websocket', () => {
  it('that says nothing for ten seconds is given up for polling', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.clock.advance(9_999)
    expect([bench.polls.length, bench.ws.state]).toEqual([0, 'open'])
    await bench.clock.advance(1)
    expect([bench.polls.length, bench.ws.state]).toEqual([1, 'closed'])
    await bench.poll().fail(new Error('x'))
  })

  it('that has said a word is given all the time there is', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake())
    expect(bench.clock.armed).toBe(0)
    await bench.clock.advance(60_000)
    expect([bench.polls.length, bench.ws.state]).toEqual([0, 'open'])
  })

  it.each([
    ['refused', { status: 403 }],
    ['reset', { errorCode: 'ECONNRESET' }],
    ['closed', { code: 1006 }],
  ])('that is %s before its first word is given up for polling', async (_how, ending) => {
    await bench.open()
    await bench.end(ending)
    expect([bench.polls.length, bench.told.length, bench.clock.armed]).toEqual([1, 0, 0])
  })

  it('whose first word makes no sense is given up for polling', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say('0{')
    expect([bench.polls.length, bench.told.length]).toEqual([1, 0])
    expect(bench.ws.state).toBe('closed')
  })

  it('that is gone before it is welcome, but after its first word, is told as it went', async () => {
    await bench.open()
    bench.ws.accept()
    await bench.say(handshake())
    await bench.end({ code: 1011, reason: 'oops' })
    expect(bench.endings).toEqual([{ ...broken, code: 1011, reason: 'oops' }])
    expect(bench.polls).toEqual([])
  })

  it.each([
    ['with a code', Object.assign(new Error('no'), { code: 'ERR_INVALID_URL' })],
    ['without one', new Error('no')],
  ])('that cannot even be made is given up for polling: %s', async (_how, error) => {
    bench.dial = () => {
      throw error
    }
    await bench.open()
    expect(bench.polls).toHaveLength(1)
    expect(bench.told).toEqual([])
  })

  it('that ends as we go lets no request begin', async () => {
    const socket = await bench.open()
    const { ws } = bench
    socket.terminate()
    ws.haunt(handshake())
    await bench.clock.advance(10_000)
    expect([bench.polls, bench.told]).toEqual([[], []])
  })
})

describe('polling', () => {
  it('asks below the path of the gateway, and follows nobody elsewhere', async () => {
    await polling()
    const { method, url, headers, body, redirect } = bench.poll()
    expect([method, body, redirect]).toEqual(['GET', null, 'manual'])
    expect(`${url.origin}${url.pathname}`).toBe('http://gw.test:8000/base/socket.io/')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      EIO: '4',
      transport: 'polling',
      t: expect.any(String) as unknown,
    })
    expect(headers).toEqual({
      accept: 'text/plain',
      authorization: 'Bearer token-1',
      cookie: 'sb_session=session-1',
    })
  })

  it('posts what it says, as a page that is answered', async () => {
    await polling()
    await bench.poll().reply(packets(handshake()))
    const { url, headers, body, redirect } = bench.poll('POST')
    expect([body, redirect]).toEqual(['40{"token":"token-1"}', 'manual'])
    expect(url.searchParams.get('sid')).toBe('sid-1')
    expect(headers).toEqual({
      accept: 'text/html',
      authorization: 'Bearer token-1',
      'content-type': 'text/plain;charset=UTF-8',
      cookie: 'sb_session=session-1',
    })
  })

  it('brings back the cookies that keep it with one server', async () => {
    await polling()
    await bench.poll().reply(packets(handshake(), { 'set-cookie': 'sticky=s7; Path=/' }))
    expect(bench.poll().headers.cookie).toBe('sb_session=session-1; sticky=s7')
    expect(bench.poll('POST').headers.cookie).toBe('sb_session=session-1; sticky=s7')
  })

  it('takes no cookie with a refusal', async () => {
    await polling()
    const headers = { 'set-cookie': 'sticky=s7; Path=/' }
    await bench.poll().reply(new Response(null, { status: 503, headers }))
    await bench.open()
    expect(bench.ws.headers.Cookie).toBe('sb_session=session-1')
  })

  it('is open once it is welcome, and hears everything in one answer', async () => {
    await bench.connectPolling()
    expect(bench.told.filter((word) => word !== 'pong')).toEqual(['open', 'welcome'])
    await bench.poll().reply(packets('42["a",1]\x1e42["b",2]'))
    expect(bench.messages.slice(1)).toMatchObject([{ name: 'a' }, { name: 'b' }])
    expect(bench.polls.filter(({ method }) => method === 'GET')).toHaveLength(4)
  })

  it('says the next thing only once what was posted is answered', async () => {
    const socket = await bench.connectPolling()
    socket.send('{"type":"ping"}')
    socket.send('{"type":"auth","token":"t"}')
    await settleAll()
    expect(bench.poll('POST').body).toBe('420["ping",{}]')
    await bench.poll('POST').reply(ok('OK'))
    expect(bench.poll('POST').body).toBe('421["auth",{"token":"t"}]')
  })

  it('asks for a sign of life by an event, whose answer is one', async () => {
    const socket = await bench.connectPolling()
    expect(socket.ping()).toBe(true)
    await settleAll()
    expect(bench.poll('POST').body).toBe('42["ping",{}]')
    bench.told.length = 0
    await bench.poll('POST').reply(ok())
    expect(bench.told).toEqual(['pong'])
    await bench.poll().reply(packets('42["a",1]'))
    expect(bench.told).toEqual(['pong', 'pong', 'event'])
  })

  it('ends all its requests with itself, and says nothing to nobody', async () => {
    const socket = await bench.connectPolling()
    socket.send('{"type":"ping"}')
    await settleAll()
    bench.told.length = 0
    const { length } = bench.polls
    socket.terminate()
    expect(bench.polls.map(({ signal }) => signal?.aborted)).not.toContain(false)
    await bench.poll().reply(packets('42["a",1]'))
    await bench.poll('POST').reply(ok())
    expect([bench.told, bench.polls.length]).toEqual([[], length])
  })

  it('that is refused as we go tells nobody', async () => {
    const socket = await bench.connectPolling()
    bench.told.length = 0
    socket.terminate()
    await bench.poll().reply(new Response(null, { status: 503 }))
    expect(bench.told).toEqual([])
  })
})

describe('a poll that fails', () => {
  const page = { 'content-type': 'text/html; charset=utf-8' }
  const json = { 'content-type': 'application/json' }
  const said = '{"error":{"code":"token_expired"}}'

  it.each<[string, () => Response, object]>([
    ['by a status', () => new Response('x', { status: 502 }), { status: 502 }],
    [
      'by a refusal with its reason',
      () => new Response(said, { status: 401, headers: json }),
      { status: 401, reason: 'token_expired' },
    ],
    [
      'by a refusal whose reason is on a page',
      () => new Response(said, { status: 401, headers: page }),
      { status: 401 },
    ],
    [
      'by a status that asks for a pause',
      () => new Response(null, { status: 429, headers: { 'retry-after': '30' } }),
      { status: 429, retryAfterMs: 30_000 },
    ],
    [
      'by what cannot be known before the handshake',
      () => new Response(null, { status: 400 }),
      { status: 400 },
    ],
    [
      'by a redirect that is not followed',
      () => new Response(null, { status: 302 }),
      { status: 302 },
    ],
    ['by a redirect as Chromium shows it', () => Response.error(), { status: 302 }],
    ['by the page of a network', () => new Response('<p>', { headers: page }), { status: 200 }],
    ['by a page that only begins well', () => ok('ok, sign in'), { status: 200 }],
    ['by a page that only ends well', () => ok('<p>ok'), { status: 200 }],
    ['by what makes no sense', () => packets('0{'), nonsense],
    ['by more than 4 MiB', () => packets('x'.repeat(4 * mib + 1)), nonsense],
  ])('%s is told as such', async (_how, response, ending) => {
    await polling()
    await bench.poll().reply(response())
    expect(bench.endings).toEqual([{ ...broken, ...ending }])
    expect(bench.told).toEqual(['close'])
  })

  it.each([
    [
      'Node',
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
      }),
      'ECONNREFUSED',
    ],
    ['Chromium', new Error('net::ERR_CERT_DATE_INVALID'), 'ERR_CERT_DATE_INVALID'],
  ])('on the way is told by the code of %s', async (_whose, error, errorCode) => {
    await polling()
    await bench.poll().fail(error)
    expect(bench.endings).toEqual([{ ...broken, errorCode }])
  })

  it.each(['GET', 'POST'])(
    'because its session is forgotten is a broken connection: %s',
    async (method) => {
      const socket = await bench.connectPolling()
      socket.ping()
      await settleAll()
      await bench.poll(method).reply(new Response(null, { status: 400 }))
      expect(bench.endings).toEqual([{ ...broken, code: 1006 }])
    },
  )

  it('while it is open is told as it was, once, whatever else fails then', async () => {
    const socket = await bench.connectPolling()
    socket.ping()
    await settleAll()
    await bench.poll().reply(new Response(null, { status: 500 }))
    await bench.poll('POST').reply(new Response(null, { status: 404 }))
    expect(bench.endings).toEqual([{ ...broken, status: 500 }])
  })

  it('is what is told, and not how the websocket before it went', async () => {
    await bench.connect()
    await bench.end({ code: 1011 })
    await bench.open()
    await bench.end({ status: 403 })
    await bench.poll().reply(new Response(null, { status: 503 }))
    expect(bench.endings).toEqual([
      { ...broken, code: 1011 },
      { ...broken, status: 503 },
    ])
  })

  it('up to 4 MiB is none', async () => {
    await bench.connectPolling()
    await bench.poll().reply(packets(`42["a","${'x'.repeat(4 * mib - 10)}"]`))
    expect(bench.endings).toEqual([])
    expect(bench.messages).toHaveLength(2)
  })
})
