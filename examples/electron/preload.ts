import { ipcRenderer } from 'electron';

// A port cannot cross the context bridge; it can be posted to the page.
ipcRenderer.on('database:port', ({ ports }) => window.postMessage('database:port', '*', [...ports]));
window.addEventListener('message', ({ source, data }) => {
  if (source === window && data === 'database:connect') ipcRenderer.send('database:connect');
});
