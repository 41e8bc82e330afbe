/** `synchart/browser-worker`: the script of the database worker. Pages start it; no module imports it. */
import { DatabaseWorker } from './browser/worker/database-worker.ts';
import type { FromWorker, ToWorker } from './browser/worker/worker-messages.ts';

const tell = (message: FromWorker): void => globalThis.postMessage(message);
let worker: DatabaseWorker | undefined;

globalThis.addEventListener('message', ({ data, ports }: MessageEvent<ToWorker>) => {
  if (data.type === 'start') worker ??= new DatabaseWorker(data, tell);
  else worker?.receive(data, ports);
});
tell({ type: 'ready' });
