import { contextBridge, ipcRenderer } from 'electron'
import { openBridge } from './bridge.ts'

contextBridge.exposeInMainWorld('bridge', openBridge(ipcRenderer))
