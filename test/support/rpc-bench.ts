import { MessageChannel, type MessagePort } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { openDatabase, type OpenDatabaseOptions } from '../../src/persistence/database/open-database.ts';
import {
  rpcDriver,
  type RpcConnection,
  type RpcDriver,
  type RpcDriverOptions,
} from '../../src/rpc/client/rpc-driver.ts';
import { betterSqlite3Connection } from '../../src/rpc/host/better-sqlite3-connection.ts';
import type { HostConnection } from '../../src/rpc/host/host-connection.ts';
import { serveDatabase, type DatabaseHost, type ServeOptions } from '../../src/rpc/host/serve-database.ts';
import type { HostSource } from '../../src/rpc/client/host-port.ts';

/** A connection of its own to a file, as the host after a takeover opens it. */
export function connectionTo(file: string): HostConnection {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  return betterSqlite3Connection(database);
}

export const serveFile = (file: string, options: Partial<ServeOptions> = {}): DatabaseHost =>
  serveDatabase({ connection: connectionTo(file), ...options });

/** A new port to a host. */
export function portTo(host: DatabaseHost): MessagePort {
  const { port1, port2 } = new MessageChannel();
  host.connect(port2);
  return port1;
}

export interface Client {
  readonly driver: RpcDriver;
  readonly connection: RpcConnection;
  /** Rows of one statement. */
  query(sql: string, parameters?: unknown[]): Promise<unknown[]>;
}

/** A client without TypeORM. */
export async function openClient(source: HostSource, options: RpcDriverOptions = {}): Promise<Client> {
  const driver = rpcDriver(source, options);
  const connection = await driver.openDatabaseAsync('app');
  return {
    driver,
    connection,
    query: async (sql, parameters = []) => (await connection.answer(sql, parameters)).rows,
  };
}

export const openThrough = (
  driver: RpcDriver,
  options: Pick<OpenDatabaseOptions, 'entities'> & Partial<OpenDatabaseOptions>,
): Promise<DataSource> => openDatabase({ database: 'app', driver, ...options });
