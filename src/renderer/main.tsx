import '@fontsource-variable/inter/index.css'
import '@fontsource-variable/jetbrains-mono/index.css'
import './ui/tokens.css'
import './ui/base.css'
import './ui/controls.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { openClient } from './ipc/client.ts'
import { createStores } from './stores.ts'
import { windowFrames } from './ui/frames.ts'
import { followTheme } from './ui/theme.ts'
import { ticker } from './ui/ticker.ts'

const stores = createStores(openClient(), windowFrames, localStorage)
followTheme(stores.preferences)
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) ticker.beat()
  stores.workspaces.shown(!document.hidden)
})
void stores.workspaces.start()
void stores.signIn.start()

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root element')
createRoot(root).render(<App stores={stores} />)
