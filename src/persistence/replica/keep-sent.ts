import type { JsonObject } from '../../model/values/json.ts';
import { exactColumns, rawToWire, type ColumnCodec } from '../columns/column-codec.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { RawRow, Session } from '../sql/session.ts';
import { keepWireValues, type WireValuesNote } from '../columns/wire-values.ts';

/**
 * Stores the sent values of fields whose columns return another value, replacing earlier ones of these rows (F-158).
 */
export async function keepSent(
  session: Session,
  table: ReplicaTable,
  rows: readonly { readonly id: string; readonly row: JsonObject }[],
  note: WireValuesNote,
): Promise<void> {
  if (!table.mapping.keepsSentValues) return;
  const doubtful = new Map<string, ColumnCodec[]>();
  for (const { id, row } of rows) {
    const codecs = doubtfulOf(table, row);
    if (codecs !== undefined) doubtful.set(id, codecs);
  }
  if (!note.exist && doubtful.size === 0) return;
  const keys = new Map([...doubtful].map(([id, codecs]) => [id, codecs.map(({ wireKey }) => wireKey)]));
  const columns = [...new Set([...doubtful.values()].flat())];
  await keepWireValues(session, table.kind, rows, {
    note,
    doubtful: keys,
    readShown: () => readShown(session, table, [...doubtful.keys()], columns),
  });
}

/**
 * The columns that may return another value than this row has. A plain loop, because it runs for each row of each page.
 */
function doubtfulOf(table: ReplicaTable, row: JsonObject): ColumnCodec[] | undefined {
  let found: ColumnCodec[] | undefined;
  for (const codec of table.columns.edited) {
    const value = row[codec.wireKey];
    if (value === undefined || codec.readsBack(value)) continue;
    found ??= [];
    found.push(codec);
  }
  return found;
}

/** The values of some columns of rows. Omits values that their mapping cannot read. */
async function readShown(
  session: Session,
  table: ReplicaTable,
  ids: readonly string[],
  codecs: readonly ColumnCodec[],
): Promise<ReadonlyMap<string, JsonObject>> {
  const names = codecs.map(({ name }) => `, ${table.table}.${quoted(name)}`).join('');
  const exact = exactColumns(codecs, table.dialect.name, table.table);
  const { sql, parameter } = table.conditions.among(ids);
  const rows = await session.query(
    `SELECT ${table.id} AS "synchart id"${names}${exact} FROM ${table.table} WHERE ${sql}`,
    [parameter],
  );
  return new Map(
    rows.map((raw) => [
      String(raw['synchart id']),
      Object.assign({}, ...codecs.map((codec) => read(raw, codec))) as JsonObject,
    ]),
  );
}

function read(raw: RawRow, codec: ColumnCodec): JsonObject {
  try {
    return rawToWire([codec], raw);
  } catch {
    return {};
  }
}
