import { parentPort, type MessagePort } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { betterSqlite3Connection } from '../../src/rpc/host/better-sqlite3-connection.ts';
import { serveDatabase, type DatabaseHost } from '../../src/rpc/host/serve-database.ts';

/** One database file, or one name of a database in memory, has one host. */
const hosts = new Map<string, DatabaseHost>();

/** Serves databases of better-sqlite3 in a worker: `open` connects a port to one, `close` ends its host. */
export type HostRequest =
  | { readonly type: 'open'; readonly database: string; readonly port: MessagePort }
  | { readonly type: 'close'; readonly database: string };

parentPort?.on('message', (request: HostRequest) => {
  if (request.type === 'close') {
    void hosts.get(request.database)?.close();
    hosts.delete(request.database);
    return;
  }
  const { database, port } = request;
  let host = hosts.get(database);
  if (host === undefined) {
    const connection = new Database(database.startsWith(':memory:') ? ':memory:' : database);
    connection.pragma('journal_mode = WAL');
    host = serveDatabase({ connection: betterSqlite3Connection(connection) });
    hosts.set(database, host);
  }
  host.connect(port);
});
