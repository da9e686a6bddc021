const { contextBridge, ipcRenderer } = require('electron')

contextBridge.exposeInMainWorld('bridge', {
  call: (channel, argument) => ipcRenderer.invoke(channel, argument),
  send: (channel, argument) => ipcRenderer.send(channel, argument),
  on: (channel, listener) => {
    const own = (_event, payload) => listener(payload)
    ipcRenderer.on(channel, own)
    return () => ipcRenderer.removeListener(channel, own)
  },
})
