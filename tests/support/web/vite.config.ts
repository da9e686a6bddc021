/**
 * The window on its own, for looking at: `vite --config tests/support/web/vite.config.ts`, or
 * `vite build` and `vite preview` for the policy of the page as the app sends it. Never shipped.
 */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1', headers: { 'content-security-policy': pagePolicy } },
  build: { assetsInlineLimit: 0, emptyOutDir: true },
})
