import { plainUniqueKeys } from '../../tables/plain-unique-keys.ts';
import type { Session } from '../../sql/session.ts';
import { shownOnly } from '../../tables/table-warnings.ts';
import { quoted, type CapturedTable } from '../entities/captured-table.ts';

interface Collision {
  readonly id: string | number;
  readonly columns: string;
}

const found = '"synchart_collision"';
const onInsert = '"synchart_collision_insert"';
const onUpdate = '"synchart_collision_update"';

/**
 * Adds to the error of a refused write which deleted row still holds the unique value. `repeat` sends the statement
 * again; it writes nothing then, because the triggers compare each row and skip it. Leaves other errors unchanged.
 */
export async function explainHiddenRow(
  failure: unknown,
  session: Session,
  table: CapturedTable,
  repeat: () => Promise<unknown>,
): Promise<void> {
  if (!(failure instanceof Error)) return;
  const keys = (await plainUniqueKeys(session, [table.replica]))
    .map(({ columns }) => columns)
    .filter((columns) => !columns.includes('(expression)'));
  const name = quoted(table.name);
  if (
    keys.length === 0 ||
    (await session.one(`SELECT 1 AS "hidden" FROM ${name} t WHERE NOT (${table.shown('t')}) LIMIT 1`)) === undefined
  )
    return;
  const compare = keys
    .map(
      (
        columns,
      ) => `INSERT INTO ${found} SELECT t.${quoted(table.id)}, '${columns.join(', ').replaceAll("'", "''")}' FROM main.${name} t
        WHERE ${columns.map((column) => `t.${quoted(column)} = NEW.${quoted(column)}`).join(' AND ')} AND t.${quoted(table.id)} IS NOT NEW.${quoted(table.id)}
        AND NOT (${table.shown('t')});`,
    )
    .join('\n');
  try {
    await session.query(`CREATE TEMP TABLE ${found} ("id", "columns")`);
    for (const [trigger, event] of [
      [onInsert, 'INSERT'],
      [onUpdate, 'UPDATE'],
    ] as const) {
      await session.query(
        `CREATE TEMP TRIGGER ${trigger} BEFORE ${event} ON main.${name} BEGIN ${compare} SELECT RAISE(IGNORE); END`,
      );
    }
    await repeat();
    const collision = await session.one<Collision & Record<string, unknown>>(
      `SELECT "id", "columns" FROM temp.${found} LIMIT 1`,
    );
    if (collision !== undefined) failure.message += `: ${explanationOf(table, collision)}`;
  } finally {
    for (const trigger of [onInsert, onUpdate]) await session.query(`DROP TRIGGER IF EXISTS temp.${trigger}`);
    await session.query(`DROP TABLE IF EXISTS temp.${found}`);
  }
}

const explanationOf = ({ replica }: CapturedTable, { id, columns }: Collision): string =>
  `${replica.kind}/${id} has this ${columns}; it is deleted, and stays hidden in the table. Make the unique index partial: WHERE ${shownOnly(replica)} (docs/adopting.md, Unique values)`;
