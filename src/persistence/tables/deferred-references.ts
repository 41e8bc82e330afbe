import { ValidationError } from '../../model/errors/errors.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from '../sql/session.ts';

/** A row refers to one that is not there: it can be stored once that one has come. */
export class MissingParentError extends ValidationError {
  constructor(kind: string, id: string) {
    super(`${kind}/${id} refers to a row that is not there`);
  }
}

/**
 * Makes the database look at each statement's foreign keys at once, from here to the end of the transaction, so that
 * the row to blame is known. SQLite cannot: there {@link lacksParent} looks at keys that are declared deferred.
 */
export async function checkReferencesAtOnce(session: Session): Promise<void> {
  if (session.dialect.name === 'postgres') await session.run('SET CONSTRAINTS ALL IMMEDIATE');
}

/**
 * Says that a stored row refers to nothing, by a key that SQLite looks at only when the transaction ends; undefined
 * where it looks by itself.
 */
export function lacksParent(session: Session, table: ReplicaTable): ((id: string) => Promise<boolean>) | undefined {
  const deferred = table.metadata.foreignKeys.filter(({ deferrable }) => deferrable === 'INITIALLY DEFERRED');
  if (session.dialect.name !== 'sqlite' || deferred.length === 0) return undefined;
  const lacking = deferred.map(({ columns, referencedColumns, referencedEntityMetadata }) => {
    const filled = columns.map(({ databaseName }) => `c.${quoted(databaseName)} IS NOT NULL`);
    const found = columns.map(
      ({ databaseName }, index) =>
        `p.${quoted(referencedColumns[index]?.databaseName ?? '')} = c.${quoted(databaseName)}`,
    );
    return `(${filled.join(' AND ')} AND NOT EXISTS (SELECT 1 FROM ${quoted(referencedEntityMetadata.tableName)} p WHERE ${found.join(' AND ')}))`;
  });
  const sql = `SELECT 1 AS "found" FROM ${table.table} c WHERE c.${table.id} = ? AND (${lacking.join(' OR ')})`;
  return async (id) => (await session.one(sql, [id])) !== undefined;
}
