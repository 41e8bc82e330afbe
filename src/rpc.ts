/** `synchart/rpc`: SQLite behind a message port. A client for TypeORM, and hosts that serve one file to many clients. */
export {
  rpcDriver,
  type RpcConnection,
  type RpcDriver,
  type RpcDriverOptions,
} from './rpc/client/rpc-driver.ts';
export { type HostSource } from './rpc/client/host-port.ts';
export { betterSqlite3Connection, type BetterSqlite3Database } from './rpc/host/better-sqlite3-connection.ts';
export { type HostConnection } from './rpc/host/host-connection.ts';
export {
  serveDatabase,
  type ConnectOptions,
  type DatabaseHost,
  type ServeOptions,
} from './rpc/host/serve-database.ts';
export {
  protocolVersion,
  type Release,
  type StatementResult,
  type WireValue,
  type WireWrites,
} from './rpc/protocol/messages.ts';
export { type RpcPort } from './rpc/protocol/port.ts';
export { isNewer } from './rpc/protocol/release.ts';
