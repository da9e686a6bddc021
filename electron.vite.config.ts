import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import { resolve } from 'node:path'

/** What stays outside the bundles: the runtime itself and native code. */
const external = ['electron', 'keytar', 'bufferutil', 'utf-8-validate']

/**
 * Its builds without `debug`: the others print tokens and cookies when DEBUG is set, and export
 * nothing by which that could be prevented.
 */
const silent = (name: string) => ({
  find: new RegExp(`^${name}$`),
  replacement: resolve('node_modules', name, 'build/esm/index.js'),
})

export default defineConfig({
  main: {
    resolve: {
      alias: ['socket.io-client', 'engine.io-client', 'socket.io-parser'].map(silent),
      dedupe: ['ws'],
    },
    build: {
      externalizeDeps: false,
      outDir: 'out/main',
      rolldownOptions: {
        external,
        input: { index: resolve('src/main/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  preload: {
    build: {
      externalizeDeps: false,
      outDir: 'out/preload',
      rolldownOptions: {
        external,
        input: { index: resolve('src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react()],
    build: {
      outDir: 'out/renderer',
      // The window's CSP has no data: fonts or scripts; every asset is a file of its own.
      assetsInlineLimit: 0,
      rolldownOptions: { input: { index: resolve('src/renderer/index.html') } },
    },
  },
})
