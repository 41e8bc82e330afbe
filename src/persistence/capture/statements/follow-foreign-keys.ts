import { ValidationError } from '../../../model/errors/errors.ts';
import type { Session } from '../../sql/session.ts';
import { captureSwitch, quoted, type CapturedTable } from '../entities/captured-table.ts';

interface Reference {
  readonly parent: CapturedTable;
  readonly child: CapturedTable;
  readonly column: string;
  readonly referenced: string;
  readonly onDelete: string;
}

/** Foreign keys between captured tables. */
function referencesAmong(tables: readonly CapturedTable[]): readonly Reference[] {
  return tables.flatMap((child) =>
    child.replica.metadata.foreignKeys.flatMap((foreignKey) => {
      const parent = tables.find(({ replica }) => replica.metadata === foreignKey.referencedEntityMetadata);
      const [column] = foreignKey.columns;
      const [referenced] = foreignKey.referencedColumns;
      return parent && column && referenced
        ? [
            {
              parent,
              child,
              column: quoted(column.databaseName),
              referenced: quoted(referenced.databaseName),
              onDelete: foreignKey.onDelete ?? 'NO ACTION',
            },
          ]
        : [];
    }),
  );
}

const deletedParents = ({ parent, referenced }: Reference): string =>
  `(SELECT p.${referenced} FROM main.${quoted(parent.name)} p JOIN temp.${parent.before} b ON b.${quoted(parent.id)} = p.${quoted(parent.id)}
      WHERE b."synchart_absent" = 0 AND ${parent.shown('b')} AND NOT (${parent.shown('p')}))`;

/** Whether the transaction deleted rows that others may reference. Free of cost without foreign keys. */
export async function hasDeletedParents(session: Session, tables: readonly CapturedTable[]): Promise<boolean> {
  const references = referencesAmong(tables);
  if (references.length === 0) return false;
  const found = references.map((reference) => `EXISTS ${deletedParents(reference)}`).join(' OR ');
  return (await session.query(`SELECT 1 WHERE ${found}`)).length > 0;
}

/**
 * Applies foreign keys to deletions, which only hide rows, so the database does not. CASCADE deletes the children and
 * SET NULL clears their references. In other cases a row with children cannot be deleted, as in the database. Returns
 * whether rows were changed.
 */
export async function followForeignKeys(
  session: Session,
  tables: readonly CapturedTable[],
  at: string,
): Promise<boolean> {
  const references = referencesAmong(tables);
  const orphans = (reference: Reference): string => {
    const child = quoted(reference.child.name);
    return `${child}.${reference.column} IN ${deletedParents(reference)} AND ${reference.child.shown(child)}`;
  };
  const isDue = async (reference: Reference): Promise<boolean> =>
    (await session.query(`SELECT 1 FROM ${deletedParents(reference)} LIMIT 1`)).length > 0;
  const following = references.filter(({ onDelete }) => onDelete === 'CASCADE' || onDelete === 'SET NULL');
  if (following.length > 0) await session.run(`UPDATE temp.${captureSwitch} SET "on" = 1`);
  let hasChanged = false;
  for (let changed = following.length > 0; changed; ) {
    changed = false;
    for (const reference of following) {
      if (!(await isDue(reference))) continue;
      const [column, value] =
        reference.onDelete === 'CASCADE' ? [quoted(reference.child.deletedAtLocal), at] : [reference.column, null];
      const count = await session.changed(
        `UPDATE ${quoted(reference.child.name)} SET ${column} = ? WHERE ${orphans(reference)}`,
        [value],
      );
      changed ||= count > 0;
      hasChanged ||= changed;
    }
  }
  for (const reference of references) {
    if (following.includes(reference) || !(await isDue(reference))) continue;
    const child = quoted(reference.child.name);
    const held = await session.one<{ parent: unknown; child: unknown }>(
      `SELECT ${child}.${reference.column} AS "parent", ${child}.${quoted(reference.child.id)} AS "child" FROM main.${child} WHERE ${orphans(reference)} LIMIT 1`,
    );
    if (held !== undefined) {
      throw new ValidationError(
        `${reference.parent.replica.kind}/${String(held.parent)} cannot be deleted: ${reference.child.replica.kind}/${String(held.child)} refers to it; delete or change that row first. Nothing was written`,
      );
    }
  }
  return hasChanged;
}
