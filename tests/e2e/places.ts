import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Console } from '../support/e2e-console.ts'
import { filesBelow, processesBelow, type Haystack } from '../support/secret-search.ts'

/** Folders that a console was given for everything that it might write. */
export interface Folders {
  /** HOME, the XDG folders and TMPDIR lie below it. */
  readonly home: string
}

/** The heap of the window's page: every string that a script of it still holds. */
async function heapOf({ page }: Console): Promise<Haystack[]> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await session.detach()
  return [{ place: 'heap', content: chunks.join('') }]
}

/** What the page shows and keeps: its document, its storage, its title. */
async function pageOf({ page }: Console): Promise<Haystack[]> {
  const storage = await page.evaluate(() =>
    JSON.stringify([localStorage, sessionStorage, window.name]),
  )
  return [
    { place: 'document', content: await page.content() },
    { place: 'storage', content: storage },
  ]
}

async function titlesOf({ app, page }: Console): Promise<Haystack[]> {
  const titles = await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => window.getTitle()),
  )
  return [...titles, await page.title()].map((content) => ({ place: 'title', content }))
}

async function clipboardOf({ app, page }: Console): Promise<Haystack[]> {
  const ofApp = await app.evaluate(({ clipboard }) => clipboard.readText())
  await page.context().grantPermissions(['clipboard-read'])
  const ofPage = await page.evaluate(() => navigator.clipboard.readText())
  return [ofApp, ofPage].map((content) => ({ place: 'clipboard', content }))
}

/** Linux lists the argv and the environment of every process of the tree. */
function processesOf({ app }: Console): Haystack[] {
  return process.platform === 'linux' ? processesBelow(app.process().pid!) : []
}

/**
 * The keyring's own files: encrypted, so that not even there a token stands in plain. Its bus is a
 * file of the private session that the tests run in.
 */
function keyringFiles(): Haystack[] {
  const bus = /^unix:path=([^,;]+)/.exec(process.env.DBUS_SESSION_BUS_ADDRESS ?? '')?.[1]
  return bus === undefined ? [] : filesBelow(dirname(bus))
}

/** Every place where a secret could come to lie, and how to look there. */
export const places = {
  heap: heapOf,
  page: pageOf,
  title: titlesOf,
  clipboard: clipboardOf,
  'ipc trace': ({ tapFile }: Console) => [{ place: 'ipc trace', content: readFileSync(tapFile) }],
  stdout: ({ stdout }: Console) => [{ place: 'stdout', content: stdout() }],
  stderr: ({ stderr }: Console) => [{ place: 'stderr', content: stderr() }],
  processes: processesOf,
  'user data': ({ userDataDir }: Console) => filesBelow(userDataDir),
  'home and temporary files': (_: Console, { home }: Folders) => filesBelow(home),
  'keyring files': keyringFiles,
} satisfies Record<string, (console: Console, folders: Folders) => Haystack[] | Promise<Haystack[]>>

export type Place = keyof typeof places
