import { ValidationError } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { applyRowsOf } from './apply-pages.ts';
import { chunked, type Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { tableOf } from '../database/store-context.ts';

/**
 * Stores rows that the app received from the server itself, like a pull: pending edits stay on top, and tombstones
 * follow the table's policy. Skips rows older than the known version. Moves no cursor. Throws `ValidationError` for a
 * row that cannot be stored, and then stores none.
 */
export async function applyServerRows(
  session: Session,
  context: StoreContext,
  kind: string,
  rows: readonly JsonObject[],
): Promise<readonly SyncFact[]> {
  const table = tableOf(context, kind);
  for (const row of rows) {
    if (table.readId(row) === undefined)
      throw new ValidationError(`${kind}: a row of the server has no ${table.keys.id}`);
    if (table.readUpdatedAt(row) === undefined)
      throw new ValidationError(
        `${kind}/${String(table.readId(row))}: a row of the server has its time under '${table.keys.updatedAt}'`,
      );
  }
  const total = { upserts: 0, deletes: 0 };
  for (const part of chunked(rows, 500)) {
    const { upserts, deletes, facts } = await applyRowsOf(session, context, table, part);
    const refused = facts.find((fact) => fact.type === 'row.quarantined');
    if (refused?.type === 'row.quarantined') throw new ValidationError(refused.error.message, { cause: refused.error });
    total.upserts += upserts;
    total.deletes += deletes;
  }
  return total.upserts + total.deletes === 0 ? [] : [{ type: 'cache.updated', kind, ...total }];
}
