import { join } from 'node:path';
import Database from 'better-sqlite3';
import { app, BrowserWindow, ipcMain, MessageChannelMain, type MessagePortMain } from 'electron';
import { betterSqlite3Connection, serveDatabase, type RpcPort } from 'synchart/rpc';

/** A port of the main process has the events of Node, not those of a page. */
const toRpcPort = (port: MessagePortMain): RpcPort => ({
  postMessage: (message) => port.postMessage(message),
  addEventListener: (type, listener) => {
    if (type === 'message') port.on('message', listener);
    else port.on('close', () => listener({}));
  },
  removeEventListener: (type, listener) => port.off(type, listener),
  start: () => port.start(),
  close: () => port.close(),
});

await app.whenReady();

// The main process owns the file. It is the only one that opens it.
const database = new Database(join(app.getPath('userData'), 'app.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
const host = serveDatabase({ connection: betterSqlite3Connection(database) });

// Each window, and each reload of one, gets a port of its own. It closes with the page, and what the page had open is
// rolled back.
ipcMain.on('database:connect', ({ sender }) => {
  const { port1, port2 } = new MessageChannelMain();
  host.connect(toRpcPort(port1));
  sender.postMessage('database:port', null, [port2]);
});

let isClosed = false;
app.on('before-quit', (event) => {
  if (isClosed) return;
  event.preventDefault();
  void host.close().then(() => {
    isClosed = true;
    app.quit();
  });
});

await new BrowserWindow({ webPreferences: { preload: join(import.meta.dirname, 'preload.js') } }).loadFile(
  'index.html',
);
