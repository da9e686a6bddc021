import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveWindowFiles } from '../../../../src/main/host/window-protocol.ts'

let folder: string
let get: (url: string, method?: string) => Promise<Response>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-window-'))
  const root = join(folder, 'renderer')
  await mkdir(join(root, 'assets'), { recursive: true })
  await writeFile(join(root, 'index.html'), '<p>window</p>')
  await writeFile(join(root, 'assets', 'a.js'), 'export {}')
  await writeFile(join(root, 'secret'), 'no type')
  await writeFile(join(folder, 'outside.html'), 'outside')
  const handle = serveWindowFiles(root)
  get = (url, method = 'GET') => handle(new Request(url, { method }))
})

afterAll(() => rm(folder, { recursive: true }))

describe('the window protocol', () => {
  it.each(['app://signalbox/', 'app://signalbox/index.html'])('serves %s', async (url) => {
    const response = await get(url)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toBe('<p>window</p>')
  })

  it('sends the security headers with every answer', async () => {
    for (const url of ['app://signalbox/assets/a.js', 'app://signalbox/none.js']) {
      const { headers } = await get(url)
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('content-security-policy')).toContain("connect-src 'none'")
      expect(headers.get('content-security-policy')).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    }
  })

  it.each([
    'app://signalbox/../outside.html',
    'app://signalbox/%2e%2e/outside.html',
    'app://signalbox/..%2foutside.html',
    'app://signalbox/assets/..%2f..%2foutside.html',
    'app://signalbox/..%5coutside.html',
    'app://signalbox/%00index.html',
    'app://signalbox/%zz.html',
    'app://signalbox/assets',
    'app://signalbox/none.html',
    'app://signalbox/secret',
    'app://elsewhere/index.html',
  ])('answers 404 to %s', async (url) => {
    const response = await get(url)
    expect(response.status).toBe(404)
    expect(await response.text()).toBe('')
  })

  it('answers only to GET and HEAD', async () => {
    expect((await get('app://signalbox/index.html', 'POST')).status).toBe(405)
    const head = await get('app://signalbox/index.html', 'HEAD')
    expect([head.status, await head.text()]).toEqual([200, ''])
  })
})
