import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { canonicalText, deepEqual } from '../../rules/values/deep-equal.ts';
import { chunked, listOf, type Session } from '../sql/session.ts';
import { parsedJson } from '../sql/stored-shape.ts';

/** Fields by wire key: the value that the server sent, and the value that the column returns for it. */
type WireValues = Readonly<Record<string, WireValue>>;
type WireValue = readonly [sent: Json, shown: Json];

const isWireValue = (entry: Json): entry is WireValue => Array.isArray(entry) && entry.length === 2;

/** Result column in which a query of whole rows selects the stored fields of each row. */
export const wireValuesAlias = 'synchart wire values';

/** The SQL of that result column. `id` is the id column of the queried table as SQL. */
export const selectWireValues = (kind: string, id: string): string =>
  `, (SELECT w."fields" FROM "sync_wire_values" w WHERE w."kind" = '${kind.replaceAll("'", "''")}' AND w."entity_id" = CAST(${id} AS text)) AS "${wireValuesAlias}"`;

/**
 * The row as the server sent it. A field keeps the sent value if its column still has the value derived from it.
 * `shown` is the row from its columns. Returns `shown` itself if nothing is stored.
 */
export function withSentValues(shown: JsonObject, fields: unknown): JsonObject {
  if (typeof fields !== 'string') return shown;
  const row: Record<string, Json> = { ...shown };
  for (const [key, [sent, form]] of Object.entries(readFields(fields)))
    if (Object.hasOwn(shown, key) && canonicalText(shown[key] ?? null) === canonicalText(form)) row[key] = sent;
  return row;
}

/** A damaged cell or entry counts as absent, so the field is sent with the value of its column (F-164). */
function readFields(text: string): WireValues {
  const parsed = parsedJson(text);
  if (!isJsonObject(parsed)) return {};
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([key, entry]): [string, WireValue][] => (isWireValue(entry) ? [[key, entry]] : [])),
  );
}

/** Whether values are stored for some of the rows that a transaction writes. Becomes true when some are. */
export interface WireValuesNote {
  exist: boolean;
}

interface KeepOptions {
  readonly note: WireValuesNote;
  /** By id, the keys whose columns may return another value than the row has. */
  readonly doubtful: ReadonlyMap<string, readonly string[]>;
  /** Reads these fields from their columns. */
  readonly readShown: () => Promise<ReadonlyMap<string, JsonObject>>;
}

/**
 * Stores the sent values of fields that do not read back unchanged, replacing earlier ones of these rows (F-158).
 * Fields missing in a row keep their values. Runs no statement if nothing is stored and every value reads back.
 */
export async function keepWireValues(
  session: Session,
  kind: string,
  rows: readonly { readonly id: string; readonly row: JsonObject }[],
  { note, doubtful, readShown }: KeepOptions,
): Promise<void> {
  if (!note.exist && doubtful.size === 0) return;
  const before = note.exist
    ? await readStored(
        session,
        kind,
        rows.map(({ id }) => id),
      )
    : new Map<string, WireValues>();
  const shown = doubtful.size === 0 ? new Map<string, JsonObject>() : await readShown();
  const changed = new Map<string, WireValues>();
  for (const { id, row } of rows) {
    const known = before.get(id) ?? {};
    const kept = Object.entries(known).filter(([key]) => row[key] === undefined);
    const differing = (doubtful.get(id) ?? []).flatMap((key): [string, WireValue][] => {
      const [sent, form] = [row[key] ?? null, shown.get(id)?.[key]];
      return form === undefined || canonicalText(form) === canonicalText(sent) ? [] : [[key, [sent, form]]];
    });
    const next: WireValues = Object.fromEntries([...kept, ...differing]);
    if (!deepEqual(next, known)) changed.set(id, next);
  }
  const isEmpty = (values: WireValues): boolean => Object.keys(values).length === 0;
  await forgetWireValues(
    session,
    kind,
    [...changed].flatMap(([id, values]) => (isEmpty(values) ? [id] : [])),
  );
  const filled = [...changed].filter(([, values]) => !isEmpty(values));
  await write(session, kind, filled);
  if (filled.length > 0) note.exist = true;
}

async function readStored(
  session: Session,
  kind: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, WireValues>> {
  const rows = await session.query<{ id: string; fields: string }>(
    `SELECT "entity_id" AS "id", "fields" FROM "sync_wire_values" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [kind, listOf(ids)],
  );
  return new Map(rows.map(({ id, fields }) => [id, readFields(fields)]));
}

async function write(
  session: Session,
  kind: string,
  entries: readonly (readonly [id: string, values: WireValues])[],
): Promise<void> {
  for (const part of chunked(entries, 500)) {
    await session.run(
      `INSERT INTO "sync_wire_values" ("kind", "entity_id", "fields") VALUES ${part.map(() => '(?, ?, ?)').join(', ')}
       ON CONFLICT ("kind", "entity_id") DO UPDATE SET "fields" = excluded."fields"`,
      part.flatMap(([id, values]) => [kind, id, JSON.stringify(values)]),
    );
  }
}

/** Removes the stored values of deleted rows. */
export async function forgetWireValues(session: Session, kind: string, ids: readonly string[]): Promise<void> {
  if (ids.length > 0)
    await session.run(`DELETE FROM "sync_wire_values" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`, [
      kind,
      listOf(ids),
    ]);
}
