import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { randomId } from '../../model/platform/random-id.ts';
import type { Holder } from './blocked-rows.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';

/**
 * Releases a UNIQUE value until the new values of its holder are written in the same transaction: sets one of the
 * columns to NULL or to a value that no row has. The row keeps its children, its other columns and its rowid. Returns
 * whether the database accepted the stand-in.
 */
export async function makeRoom(session: Session, table: ReplicaTable, { id, columns }: Holder): Promise<boolean> {
  const found = columns.flatMap(
    (name) => table.metadata.columns.find(({ databaseName }) => databaseName === name) ?? [],
  );
  for (const column of found)
    if (column.isNullable && !isReferenced(table, column) && (await isTaken(session, table, id, column, null)))
      return true;
  for (const column of found)
    for (const value of standInsFor(column)) if (await isTaken(session, table, id, column, value)) return true;
  return false;
}

/**
 * Whether rows of another table follow the value of a column. Their `ON UPDATE CASCADE` would not recover from NULL.
 */
const isReferenced = ({ metadata }: ReplicaTable, column: ColumnMetadata): boolean =>
  metadata.connection?.entityMetadatas.some(({ foreignKeys }) =>
    foreignKeys.some(({ referencedColumns }) => referencedColumns.includes(column)),
  ) ?? true;

async function isTaken(
  session: Session,
  table: ReplicaTable,
  id: string,
  column: ColumnMetadata,
  value: unknown,
): Promise<boolean> {
  // PostgreSQL needs a savepoint to continue after an error.
  const savepoint = session.dialect.name === 'postgres';
  if (savepoint) await session.run('SAVEPOINT "synchart_stand_in"');
  try {
    await session.run(`UPDATE ${table.table} SET ${quoted(column.databaseName)} = ? WHERE ${table.id} = ?`, [
      value,
      table.columns.ids.toDatabase(id),
    ]);
    if (savepoint) await session.run('RELEASE SAVEPOINT "synchart_stand_in"');
    return true;
  } catch (error) {
    const failure = classifyDatabaseError(error);
    if (failure !== 'constraint' && failure !== 'other') throw error;
    if (savepoint) await session.run('ROLLBACK TO SAVEPOINT "synchart_stand_in"');
    return false;
  }
}

/** Rare values for columns of any type, length and check. The first one that the database accepts is used. */
function standInsFor({ enum: members = [] }: ColumnMetadata): readonly unknown[] {
  const id = randomId();
  const draw = (digits: number, at: number): number =>
    Number.parseInt(id.replaceAll('-', '').slice(at, at + digits), 16);
  const [wide, narrow] = [draw(7, 0), draw(3, 0)];
  return [
    id,
    ...[id.slice(0, 8), id.slice(9, 12), String.fromCodePoint(0x4e00 + narrow), ...id.replaceAll('-', '').slice(20)],
    ...[
      -1_000_000_000 - wide,
      1_000_000_000 + wide,
      -10_000 - narrow,
      10_000 + narrow,
      -draw(2, 5) / 2,
      draw(2, 5) / 2,
    ].map(Math.trunc),
    new Date(wide * 10_000).toISOString(),
    'true',
    'false',
    ...members,
  ];
}
