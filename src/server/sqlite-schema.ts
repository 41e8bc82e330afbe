import { formatMicros, microsOf, parseInstant } from './server-timestamp.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { TableShape } from './table-shape.ts';
import { quoteName } from './wire-column.ts';

/** The server's own tables: the version clock per kind, and the answers stored under idempotency keys. */
const ownTables = `
  CREATE TABLE IF NOT EXISTS sync_server_clock (kind TEXT PRIMARY KEY NOT NULL, micros INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS sync_server_keys (
    owner TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT, version TEXT, at INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
  );
  CREATE INDEX IF NOT EXISTS sync_server_keys_at ON sync_server_keys (at);
`;

/**
 * Creates the server's tables and indexes, sets each kind's clock behind its newest row, and rewrites missing or
 * differently formatted versions.
 */
export function prepareSchema(connection: SqliteConnection, shapes: readonly TableShape[], nowMs: number): void {
  connection.exec(ownTables);
  for (const shape of shapes) {
    const { updatedAt, id, table } = shape;
    connection.exec(
      `CREATE INDEX IF NOT EXISTS ${quoteName(`sync_server_ix_${shape.name}`)} ON ${table} (${updatedAt.sql}, ${id.sql})`,
    );
    respell(connection, shape);
    const [newest] = connection.row(`SELECT max(${updatedAt.sql}) FROM ${table}`) ?? [];
    const instant = parseInstant(newest);
    raiseClock(connection, shape.kind, instant === undefined ? 0 : microsOf(instant));
    const unstamped = connection.rows(
      `SELECT ${id.sql} FROM ${table} WHERE ${updatedAt.sql} = '' OR ${updatedAt.sql} IS NULL ORDER BY rowid`,
    );
    for (const [value] of unstamped) {
      connection.run(
        `UPDATE ${table} SET ${updatedAt.sql} = ? WHERE ${id.sql} = ?`,
        nextVersion(connection, shape.kind, nowMs),
        value ?? null,
      );
    }
  }
}

/** The next version of a kind: higher than all before, even if the machine's clock goes back (F-64). */
export function nextVersion(connection: SqliteConnection, kind: string, nowMs: number): string {
  const [micros] =
    connection.row(
      `INSERT INTO sync_server_clock (kind, micros) VALUES (?, ?)
     ON CONFLICT (kind) DO UPDATE SET micros = max(micros + 1, excluded.micros) RETURNING micros`,
      kind,
      Math.floor(nowMs) * 1000,
    ) ?? [];
  return formatMicros(Number(micros));
}

function raiseClock(connection: SqliteConnection, kind: string, micros: number): void {
  connection.run(
    'INSERT INTO sync_server_clock (kind, micros) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET micros = max(micros, excluded.micros)',
    kind,
    micros,
  );
}

/** Rewrites timestamps of imported rows to six digits, so that text order is time order. */
function respell(connection: SqliteConnection, { table, id, updatedAt }: TableShape): void {
  const rows = connection.rows(
    `SELECT ${id.sql}, ${updatedAt.sql} FROM ${table} WHERE ${updatedAt.sql} <> '' AND ${updatedAt.sql} NOT GLOB '????-??-??T??:??:??.??????Z'`,
  );
  for (const [value, text] of rows) {
    const instant = parseInstant(text);
    connection.run(
      `UPDATE ${table} SET ${updatedAt.sql} = ? WHERE ${id.sql} = ?`,
      instant === undefined ? '' : formatMicros(microsOf(instant)),
      value ?? null,
    );
  }
}
