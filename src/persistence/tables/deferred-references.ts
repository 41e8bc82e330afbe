import { ValidationError } from '../../model/errors/errors.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from '../sql/session.ts';

/** A row references a missing one. It can be stored once that one arrives. */
export class MissingParentError extends ValidationError {
  constructor(kind: string, id: string) {
    super(`${kind}/${id} refers to a row that does not exist here`);
  }
}

/**
 * Makes the database check foreign keys after each statement until the end of the transaction, so that the faulty row
 * is known. SQLite cannot do this; {@link lacksParent} checks its deferred keys instead.
 */
export async function checkReferencesAtOnce(session: Session): Promise<void> {
  if (session.dialect.name === 'postgres') await session.run('SET CONSTRAINTS ALL IMMEDIATE');
}

/**
 * Finds references without a target in a stored row, for keys that SQLite checks only at commit. Undefined if the
 * database checks them itself.
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
