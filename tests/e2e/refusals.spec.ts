import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { findRuntime, root } from '../../scripts/runtime.ts'
import { expect, test } from '../support/e2e-test.ts'
import type { FaultProxy } from '../support/fault-proxy.ts'
import { forgeTokens, type Forgeries } from '../support/token-forge.ts'

/** What is wrong with a credential, the word of the backend for it, and the words of the window. */
const refusals = [
  {
    wrong: 'expired',
    code: 'token_expired',
    lamp: 'Refused: token expired',
    text: 'The session token has expired. Its time ran out and it could not be renewed.',
  },
  {
    wrong: 'malformed',
    code: 'token_malformed',
    lamp: 'Refused: token malformed',
    text: 'The token is not a session token. The server got something that is not a three-part token',
  },
  {
    wrong: 'wrongSecret',
    code: 'token_signature',
    lamp: 'Refused: wrong project or secret',
    text: 'The token was signed by another project. The gateway checks tokens with a different secret',
  },
  {
    wrong: 'anonKey',
    code: 'token_wrong_kind',
    lamp: 'Refused: key instead of token',
    text: 'An API key stands where a session token belongs.',
  },
  {
    wrong: 'missing',
    code: 'token_missing',
    lamp: 'Refused: token missing',
    text: 'The server got no token. The request arrived without a session token',
  },
] as const

type Credentials = Readonly<Record<(typeof refusals)[number]['wrong'], string | null>>

const forge = async (dataDir: string, good: string): Promise<Credentials> => {
  const forged: Forgeries = await forgeTokens(dataDir, good)
  return { ...forged, missing: null }
}

test('the backend refuses each wrong credential with a reason of its own', async ({ backend }) => {
  const credentials = await forge(backend.dataDir, await backend.signIn(backend.alice))
  for (const { wrong, code } of refusals) {
    const credential = credentials[wrong]
    const headers: Record<string, string> =
      credential === null ? {} : { authorization: `Bearer ${credential}` }
    const answer = await fetch(`${backend.url}/api/v1/websocket/status`, { headers })
    expect([wrong, answer.status, await answer.json()]).toMatchObject([
      wrong,
      401,
      { error: { code } },
    ])
    const socket = new WebSocket(`${backend.url.replace('http', 'ws')}/ws/progress/any`, {
      headers,
    })
    const [close, reason] = (await once(socket, 'close')) as [number, Buffer]
    expect([wrong, close, reason.toString()]).toEqual([wrong, 1008, code])
  }
})

for (const way of ['discovery and sockets', 'sockets alone'] as const) {
  test(`the window has its own words for each refusal of ${way}`, async ({
    open,
    backend,
    faultProxy: proxy,
  }) => {
    test.setTimeout(90_000)
    const { page, header, ...console } = await open({ url: proxy.url })
    const credentials = await forge(backend.dataDir, await backend.signIn(backend.alice))
    for (const { wrong, lamp, text } of refusals) {
      await test.step(wrong, async () => {
        replace(proxy, credentials[wrong], way)
        await console.signIn(backend.alice)
        await expect(header.getByText(lamp, { exact: true })).toBeVisible({ timeout: 15_000 })
        await expect(page.locator('body')).toContainText(text)
        await expect(page.getByText(/^Progress sockets stopped: /)).toBeVisible()
        await console.signOut(backend.alice)
        await page.getByRole('button', { name: 'Sign in again' }).click()
      })
    }
    await test.step('and none once the credential arrives as it was sent', async () => {
      replace(proxy, credentials.expired, way)
      await console.signIn(backend.alice)
      await expect(header.getByText(/^Refused: /)).toBeVisible({ timeout: 15_000 })
      proxy.hooks = {}
      await page.getByRole('button', { name: 'Try again' }).click()
      await console.live()
      await expect(page.getByRole('button', { name: 'Try again' })).toHaveCount(0)
    })
  })
}

/** On the way to the gateway every credential becomes another one, wherever it travels. */
function replace(
  proxy: FaultProxy,
  credential: string | null,
  way: 'discovery and sockets' | 'sockets alone',
): void {
  const isMeant = ({ path, upgrade }: { path: string; upgrade: boolean }): boolean =>
    upgrade || (way === 'discovery and sockets' && path.startsWith('/api/'))
  proxy.hooks.redirect = (request) =>
    isMeant(request) ? request.path.replace(/[?&]token=[^&]*/, '') : request.path
  proxy.hooks.rewrite = (request, { authorization, ...headers }) => {
    if (!isMeant(request)) return { ...headers, ...(authorization && { authorization }) }
    return credential === null ? headers : { ...headers, authorization: `Bearer ${credential}` }
  }
}

test('sign-in says plainly what is wrong', async ({ open, backend, faultProxy: proxy }) => {
  const { page, ...console } = await open({
    url: proxy.url,
    profiles: [
      {},
      { id: 'other-key', name: 'Other key', publishableKey: 'sb_publishable_of_somebody_else' },
    ],
  })
  const { alice } = backend
  const submit = async (password: string): Promise<void> => {
    await page.getByLabel('E-mail').fill(alice.email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  await test.step('wrong password, at the password, which is empty again', async () => {
    await submit('not the password')
    await expect(page.getByRole('alert')).toContainText('E-mail or password is wrong.')
    const field = page.getByLabel('Password')
    await expect(field).toHaveAccessibleDescription(/^E-mail or password is wrong\./)
    await expect(field).toHaveValue('')
    await expect(field).toBeFocused()
  })

  await test.step('wrong publishable key, at the environment', async () => {
    await page.getByLabel('Environment').selectOption('Other key')
    await submit(alice.password)
    await expect(page.getByRole('alert')).toContainText('The publishable key is wrong.')
    await expect(page.getByLabel('Environment')).toHaveAccessibleDescription(
      /^The publishable key is wrong\./,
    )
    await page.getByLabel('Environment').selectOption('E2E line')
    await expect(page.getByRole('alert')).toHaveCount(0)
  })

  await test.step('no network', async () => {
    proxy.mode = 'reset'
    await submit(alice.password)
    await expect(page.getByRole('alert')).toContainText('The server cannot be reached.')
  })

  await test.step('and it works as soon as nothing is wrong any more', async () => {
    proxy.mode = 'pass'
    await console.signIn(alice)
    await console.live()
  })
})

test.describe('a profile file that cannot be used ends the app with one sentence', () => {
  const good = {
    id: 'line',
    name: 'A line',
    supabaseUrl: 'http://127.0.0.1:1',
    gatewayUrl: 'http://127.0.0.1:1',
    publishableKey: 'sb_publishable_of_nobody',
  }
  const files = [
    ['no JSON', '{', /profiles\.json/],
    ['a field missing', JSON.stringify({ ...good, gatewayUrl: undefined }), /gatewayUrl/],
    ['a secret key', JSON.stringify({ ...good, publishableKey: 'sb_secret_x' }), /publishableKey/],
    ['a second one at fault', JSON.stringify([good, { ...good, id: 'A B' }]), /\bid\b/],
  ] as const

  for (const [fault, text, named] of files) {
    test(fault, async ({ folder }) => {
      const path = join(folder, 'profiles.json')
      writeFileSync(path, text)
      const { code, said } = await start(['--profile-file', path, `--user-data-dir=${folder}/data`])
      expect(said).toHaveLength(1)
      expect(said[0]).toMatch(/^signalbox: --profile-file .+\.$/)
      expect(said[0]).toMatch(named)
      expect(said[0]).not.toContain('sb_secret_x')
      expect(code).toBe(2)
    })
  }
})

/** Runs the app until it ends by itself; answers its own lines on stderr. */
async function start(args: readonly string[]): Promise<{ code: number | null; said: string[] }> {
  const { executable, env, switches } = findRuntime()
  const child = spawn(executable, [...switches, root, ...args], {
    env: { ...process.env, ...env, ELECTRON_STAND_IN_HEADLESS: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said: stderr.split('\n').filter((line) => line.startsWith('signalbox: ')) }
}
