/** Puts a fake bridge where the preload would put the real one, then starts the window. */
import { FakeBridge } from './fake-bridge.ts'
import { readScene } from './scene.ts'

const fake = new FakeBridge(readScene(new URLSearchParams(location.search)))
Object.defineProperty(window, 'bridge', { value: fake.bridge })
Object.defineProperty(window, 'fake', { value: fake })
void import('../../../src/renderer/main.tsx')
