import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { rpcDriver, type RpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import type { HostRequest } from '../rpc/host-worker.ts';

let worker: Worker | undefined;

/** One worker for all databases of a test file: it takes longer to start than a test takes. */
function hostWorker(): Worker {
  if (worker === undefined) {
    const file = new URL('../rpc/host-worker.ts', import.meta.url).href;
    worker = new Worker(
      `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(file)}); })`,
      { eval: true },
    );
    worker.unref();
  }
  return worker;
}

/** Opens a port to the host of a database in a worker, which serves better-sqlite3. */
export function portToWorker(database: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  hostWorker().postMessage({ type: 'open', database, port: port2 } satisfies HostRequest, [port2]);
  return port1;
}

/** A driver whose host is in a worker. */
export const workerDriver = (database: string): RpcDriver => rpcDriver(() => portToWorker(database));

/** Ends the host of a database: the file is free. */
export const closeInWorker = (database: string): void =>
  hostWorker().postMessage({ type: 'close', database } satisfies HostRequest);
