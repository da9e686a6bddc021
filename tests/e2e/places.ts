import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { findRuntime } from '../../scripts/runtime.ts'
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

/** One clipboard, but on the stand-in, where the page has that of a headless browser. */
async function clipboardOf({ app, page }: Console): Promise<Haystack[]> {
  const ofApp = await app.evaluate(({ clipboard }) => clipboard.readText())
  if (findRuntime().kind === 'electron') return [{ place: 'clipboard', content: ofApp }]
  await page.context().grantPermissions(['clipboard-read'])
  const ofPage = await page.evaluate(() => navigator.clipboard.readText())
  return [ofApp, ofPage].map((content) => ({ place: 'clipboard', content }))
}

/** The keyring's own files: encrypted, so that not even there a token stands in plain. */
function keyringFiles(): Haystack[] {
  return filesBelow(busFolder()).filter(({ place }) => /\.keyring$|leaked$/.test(place))
}

/** Where the bus of the private session is, and beside it all that the keyring daemon writes. */
export function busFolder(): string {
  const bus = /^unix:path=([^,;]+)/.exec(process.env.DBUS_SESSION_BUS_ADDRESS ?? '')?.[1]
  return dirname(bus ?? '')
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
  processes: ({ app }: Console) => processesBelow(app.process().pid!),
  'user data': ({ userDataDir }: Console) => filesBelow(userDataDir),
  'home and temporary files': (_: Console, { home }: Folders) => filesBelow(home),
  'keyring files': keyringFiles,
} satisfies Record<string, (console: Console, folders: Folders) => Haystack[] | Promise<Haystack[]>>

export type Place = keyof typeof places

/** What can be looked at on this platform: argv and environment of others only Linux tells. */
export const placesHere = (Object.keys(places) as Place[]).filter(
  (place) => process.platform === 'linux' || (place !== 'processes' && place !== 'keyring files'),
)
