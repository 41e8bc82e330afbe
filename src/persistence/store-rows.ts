import { ValidationError } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import { classifyDatabaseError } from './database-failure.ts';
import { lacksParent } from './deferred-references.ts';
import type { BadRow } from './quarantine.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from './session.ts';

/** A row of the replica, and the server row to keep aside where it cannot be stored. */
export interface RowToStore {
  readonly id: string;
  readonly row: JsonObject;
  readonly server: JsonObject;
}

/** Stores rows, many at a time; where the database or a mapping refuses, one by one. Gives back those that are refused (I13). */
export async function storeRows(
  session: Session,
  table: ReplicaTable,
  rows: readonly RowToStore[],
  options: { readonly oneByOne?: boolean; readonly keepDeletedLocally?: boolean } = {},
): Promise<readonly BadRow[]> {
  if (rows.length === 0) return [];
  const isOrphan = options.oneByOne === true ? lacksParent(session, table) : undefined;
  const savepoint = session.dialect.name === 'postgres' || isOrphan !== undefined;
  const store = (some: readonly RowToStore[]): Promise<Error | undefined> =>
    refusal(session, savepoint, async () => {
      await table.upsert(
        session,
        some.map(({ row }) => row),
        options,
      );
      for (const { id } of some) if (await isOrphan?.(id)) throw new ValidationError(`${table.kind}/${id} refers to a row that is not there`);
    });
  if (options.oneByOne !== true && (await store(rows)) === undefined) return [];
  const bad: BadRow[] = [];
  for (const row of rows) {
    const error = await store([row]);
    if (error !== undefined) bad.push({ id: row.id, row: row.server, error });
  }
  return bad;
}

/** Tries a write; what a row is to blame for comes back, anything else is thrown. PostgreSQL needs a savepoint to go on afterwards. */
async function refusal(session: Session, savepoint: boolean, write: () => Promise<void>): Promise<Error | undefined> {
  if (savepoint) await session.run('SAVEPOINT "synchart_row"');
  try {
    await write();
    if (savepoint) await session.run('RELEASE SAVEPOINT "synchart_row"');
    return undefined;
  } catch (error) {
    const isTheRows =
      classifyDatabaseError(error) === 'constraint' || error instanceof ValidationError || error instanceof RangeError || error instanceof TypeError;
    if (!isTheRows) throw error;
    if (savepoint) await session.run('ROLLBACK TO SAVEPOINT "synchart_row"');
    return error instanceof Error ? error : new Error(String(error));
  }
}
