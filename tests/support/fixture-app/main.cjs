const { app, BrowserWindow, ipcMain, protocol, session } = require('electron')
const { inspect } = require('node:util')
const { join } = require('node:path')

const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; connect-src 'none'; base-uri 'none'"
const page =
  '<!doctype html><title>Fixture</title><link rel=stylesheet href=/style.css><h1>Fixture</h1>' +
  '<a href="https://example.com/away">away</a> <a href="https://example.com/new" target=_blank>new</a>' +
  '<script>window.inlineRan = true</script><script src=/page.js></script>'
const files = {
  '/index.html': ['text/html', page],
  '/frame.html': ['text/html', '<!doctype html><p>frame</p>'],
  '/page.js': ['text/javascript', 'window.pageRan = true; window.bridgeAtStart = typeof bridge'],
  '/style.css': [
    'text/css',
    'body{background:white}@media(prefers-color-scheme:dark){body{background:black}}',
  ],
}
const seen = { navigations: [], opened: [], second: [], gone: [] }
globalThis.seen = seen

protocol.registerSchemesAsPrivileged([
  { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
])
const first = app.requestSingleInstanceLock({ from: 'second' })
if (!first) app.quit()
app.on('second-instance', (_event, argv, _cwd, data) => seen.second.push({ argv, data }))
app.on('render-process-gone', (_event, _contents, details) => seen.gone.push(details.reason))

ipcMain.handle('echo', (_event, value) => value)
ipcMain.handle('inspect', (_event, value) => inspect(value))
ipcMain.handle('fail', () => {
  throw new TypeError('on purpose')
})
ipcMain.handle('unclonable', () => () => {})
ipcMain.handle('who', (event) => ({
  url: event.senderFrame.url,
  origin: event.senderFrame.origin,
  isMain: event.senderFrame === event.sender.mainFrame,
  isOurs: BrowserWindow.fromWebContents(event.sender) === BrowserWindow.getAllWindows()[0],
}))
ipcMain.on('ping', (event, value) => event.sender.send('pong', value))

void app.whenReady().then(() => {
  if (!first) return
  protocol.handle('app', (request) => {
    const { host, pathname } = new URL(request.url)
    const file = host === 'fixture' ? files[pathname] : undefined
    if (file === undefined) return new Response('not found', { status: 404 })
    const headers = { 'content-type': file[0], 'content-security-policy': csp }
    return new Response(file[1], { headers })
  })
  session.defaultSession.setPermissionRequestHandler((_contents, _what, answer) => answer(false))
  const window = new BrowserWindow({
    width: 900,
    height: 600,
    webPreferences: {
      preload: join(__dirname, 'preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegrationInSubFrames: true,
    },
  })
  window.webContents.on('will-navigate', (event, url) => {
    seen.navigations.push(url)
    event.preventDefault()
  })
  window.webContents.setWindowOpenHandler(({ url }) => {
    seen.opened.push(url)
    return { action: 'deny' }
  })
  void window.loadURL('app://fixture/index.html')
})
