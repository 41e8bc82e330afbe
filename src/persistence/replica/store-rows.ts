import { QueryFailedError } from 'typeorm';
import { ValidationError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import { lacksParent, MissingParentError } from '../tables/deferred-references.ts';
import { keepSent } from './keep-sent.ts';
import type { BadRow } from './quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { WireValuesNote } from '../columns/wire-values.ts';

/** A row of the replica, and the server row for the quarantine if it cannot be stored. */
export interface RowToStore {
  readonly id: string;
  readonly row: JsonObject;
  readonly server: JsonObject;
}

interface StoreOptions {
  readonly oneByOne?: boolean;
  readonly keepDeletedLocally?: boolean;
  /**
   * Returns rows even if the table can accept none, for example because a column is missing. Sent operations are
   * settled all the same.
   */
  readonly despiteTable?: boolean;
  readonly wireValues: WireValuesNote;
}

/**
 * Stores rows in bulk, or one by one if the database or a mapping refuses. Returns the refused rows (I13). Throws
 * errors caused by the table and not by a row.
 */
export async function storeRows(
  session: Session,
  table: ReplicaTable,
  rows: readonly RowToStore[],
  options: StoreOptions,
): Promise<readonly BadRow[]> {
  if (rows.length === 0) return [];
  const bad = await upsertRows(session, table, rows, options);
  const badIds = new Set(bad.map(({ id }) => id));
  await keepSent(
    session,
    table,
    badIds.size === 0 ? rows : rows.filter(({ id }) => !badIds.has(id)),
    options.wireValues,
  );
  return bad;
}

async function upsertRows(
  session: Session,
  table: ReplicaTable,
  rows: readonly RowToStore[],
  options: StoreOptions,
): Promise<readonly BadRow[]> {
  const isOrphan = options.oneByOne === true ? lacksParent(session, table) : undefined;
  const savepoint = session.dialect.name === 'postgres' || isOrphan !== undefined;
  const store = (some: readonly RowToStore[]): Promise<Error | undefined> =>
    refusal(session, { table, savepoint, despiteTable: options.despiteTable === true }, async () => {
      await table.rows.upsert(
        session,
        some.map(({ row }) => row),
        options,
      );
      for (const { id } of some) if (await isOrphan?.(id)) throw new MissingParentError(table.kind, id);
    });
  if (options.oneByOne !== true && (await store(rows)) === undefined) return [];
  const bad: BadRow[] = [];
  for (const row of rows) {
    const error = await store([row]);
    if (error !== undefined) bad.push({ id: row.id, row: row.server, error });
  }
  return bad;
}

interface Attempt {
  readonly table: ReplicaTable;
  readonly savepoint: boolean;
  readonly despiteTable: boolean;
}

/** Tries a write. Returns errors caused by a row and throws all others. PostgreSQL needs a savepoint to continue. */
async function refusal(
  session: Session,
  { table, savepoint, despiteTable }: Attempt,
  write: () => Promise<void>,
): Promise<Error | undefined> {
  if (savepoint) await session.run('SAVEPOINT "synchart_row"');
  try {
    await write();
    if (savepoint) await session.run('RELEASE SAVEPOINT "synchart_row"');
    return undefined;
  } catch (error) {
    const fault = faultOf(error);
    if (fault === 'database') throw error;
    if (savepoint) await session.run('ROLLBACK TO SAVEPOINT "synchart_row"');
    if (fault === 'unclear' && !despiteTable && !(await table.rows.takesRows(session))) throw error;
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** `unclear`: an index expression or generated column cannot be computed for this row, or a column is missing. */
function faultOf(error: unknown): 'row' | 'database' | 'unclear' {
  if (error instanceof ValidationError || error instanceof RangeError || error instanceof TypeError) return 'row';
  const failure = classifyDatabaseError(error);
  if (failure === 'constraint') return 'row';
  return failure === 'other' && error instanceof QueryFailedError ? 'unclear' : 'database';
}
