import type { JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { compareTimestamps } from '../../rules/values/timestamp.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';

/**
 * Omits rows of the overlap window (not newer than `until`) that are stored unchanged. A window that every pull
 * re-reads must neither rewrite rows nor notify observers (F-64, PROTOCOL §2).
 */
export async function withoutKnown(
  session: Session,
  table: ReplicaTable,
  items: readonly JsonObject[],
  until: string,
): Promise<{ readonly items: readonly JsonObject[]; readonly known: readonly string[] }> {
  const idIn = (row: JsonObject): string | undefined => {
    const version = table.readUpdatedAt(row);
    return version === undefined || compareTimestamps(version, until) > 0 ? undefined : table.readId(row);
  };
  const stored = await table.rows.read(
    session,
    items.flatMap((row) => idIn(row) ?? []),
  );
  const known: string[] = [];
  const rest = items.filter((row) => {
    const id = idIn(row);
    if (id === undefined || !isKnown(table, row, stored.get(id))) return true;
    known.push(id);
    return false;
  });
  return { items: rest, known };
}

function isKnown(table: ReplicaTable, row: JsonObject, stored: JsonObject | undefined): boolean {
  if (stored === undefined) return table.tombstones === 'remove' && table.isDeleted(row);
  if (table.readUpdatedAt(row) !== table.readUpdatedAt(stored)) return false;
  return Object.keys(stored).every(
    (key) =>
      key === table.keys.id ||
      key === table.keys.updatedAt ||
      row[key] === undefined ||
      deepEqual(row[key], stored[key]),
  );
}
