import { expect, it } from 'vitest'
import { serverOf } from '../../../../src/main/session/create-operator-session.ts'

it.each([
  ['https://abc.supabase.co', 'https://abc.supabase.co'],
  ['https://abc.supabase.co:8443/auth', 'https://abc.supabase.co:8443'],
  ['http://localhost:54321', 'http://localhost'],
  ['http://127.0.0.1:54321', 'http://127.0.0.1'],
  ['http://127.8.0.1:1/x', 'http://127.8.0.1'],
  ['http://[::1]:54321', 'http://[::1]'],
  ['http://localhost.example:54321', 'http://localhost.example:54321'],
  ['http://[::2]:54321', 'http://[::2]:54321'],
])('tokens for %s belong to %s', (url, server) => {
  expect(serverOf(url)).toBe(server)
})
