import type { Op } from '../../model/operation.ts';
import type { PendingOp } from '../../rules/pending/pending-op.ts';
import { selectionOf, type Damage, type RawRowOf, type ValuesOf } from '../database/column-list.ts';
import { outboxColumns } from '../database/outbox-columns.ts';
import { quoted } from '../sql/quoted-name.ts';
import { listOf, type Dialect, type Session } from '../sql/session.ts';
import { readReason } from '../sql/stored-reason.ts';

type OutboxValues = ValuesOf<typeof outboxColumns>;

/** A queued operation as this folder uses it: parsed JSON and numbers. */
export interface StoredOp extends PendingOp, Omit<OutboxValues, 'op' | 'ts' | keyof PendingOp> {
  /** The server's reasons by wire key, stored in the column `last_error`. */
  readonly errorFields?: Readonly<Record<string, string>> | undefined;
  /**
   * The fault of the stored row, with its table and key. Such an operation is parked, and the others continue (F-16,
   * F-164).
   */
  readonly damaged: string | undefined;
  /** The verbatim content of a damaged row, so that a discard loses nothing. */
  readonly stored?: StoredTexts | undefined;
}

/** The JSON parts of an operation, as stored. */
export interface StoredTexts {
  readonly payload: string | null;
  readonly changedFields: string | null;
  readonly deltas: string | null;
}

/** The row as the driver returns it, with the names of {@link outboxColumns}. */
export type RawOutboxRow = RawRowOf<typeof outboxColumns>;

/** The selection of a query for {@link toStoredOp}. */
export const outboxSelection = selectionOf(outboxColumns);

/**
 * A row in two values, because the driver's cost per row grows with its columns, and nested JSON would be escaped
 * needlessly. Read with {@link unpackedOp}.
 */
export interface PackedOutboxRow {
  readonly packed: string;
  readonly payload: string | null;
}

/** Columns with another name in {@link StoredOp}. */
const renamed: ReadonlyMap<string, keyof StoredOp> = new Map([
  ['op', 'type'],
  ['ts', 'localTimestamp'],
]);

/** All columns except the payload, in packed order. */
const packedColumns = Object.entries(outboxColumns)
  .filter(([property]) => property !== 'payload')
  .map(([property, { name, read }]) => ({
    property,
    name,
    read,
    shownAs: renamed.get(property) ?? (property as keyof StoredOp),
  }));
const placeOf = (property: keyof OutboxValues): number =>
  packedColumns.findIndex((column) => column.property === property);
const [opAt, seqAt, lastErrorAt, changedFieldsAt, deltasAt] = [
  placeOf('op'),
  placeOf('seq'),
  placeOf('lastError'),
  placeOf('changedFields'),
  placeOf('deltas'),
];

type ReadParts = Partial<Record<keyof StoredOp, unknown>>;

/** Copied for each row, because objects of the same shape are read faster. */
const blank: Readonly<ReadParts> = {
  payload: undefined,
  ...Object.fromEntries(packedColumns.map(({ shownAs }) => [shownAs, undefined])),
  damaged: undefined,
};

/** All columns in the form of {@link PackedOutboxRow}. */
export const packedOutboxColumns = ({ packed }: Dialect): string =>
  `${packed(packedColumns.map(({ name }) => quoted(name)))} AS "packed", "payload"`;

export const unpackedOp = ({ packed, payload }: PackedOutboxRow): StoredOp =>
  storedOp(JSON.parse(packed) as readonly unknown[], payload);

export const toStoredOp = (row: RawOutboxRow): StoredOp =>
  storedOp(
    packedColumns.map(({ property }) => row[property as keyof RawOutboxRow]),
    row.payload,
  );

/** The first fault of any column marks the operation as damaged; it is not sent. */
function storedOp(values: readonly unknown[], payload: string | null): StoredOp {
  const op: ReadParts = { ...blank };
  const damage: Damage = { fault: undefined };
  // An upsert without payload counts as an empty object (OUT-31).
  op.payload = values[opAt] === 'delete' ? undefined : (outboxColumns.payload.read(payload, damage) ?? {});
  let at = 0;
  for (const { shownAs, read } of packedColumns) {
    op[shownAs] = read(values[at], damage);
    at += 1;
  }
  const { text, fields } = readReason(values[lastErrorAt]);
  op.lastError = text;
  if (fields !== undefined) op.errorFields = fields;
  if (damage.fault !== undefined) {
    op.damaged = `row seq ${String(values[seqAt])} of sync_outbox is damaged: ${damage.fault}`;
    op.stored = { payload, changedFields: values[changedFieldsAt], deltas: values[deltasAt] };
  }
  return op as StoredOp;
}

/** The operation as the API shows it. */
export function toOp(stored: StoredOp): Op {
  const shared = {
    opId: stored.opId,
    kind: stored.kind,
    id: stored.entityId,
    localTimestamp: stored.localTimestamp,
    creates: stored.creates,
    ...(stored.baseUpdatedAt === undefined ? {} : { baseUpdatedAt: stored.baseUpdatedAt }),
  };
  if (stored.type === 'delete') return { type: 'delete', ...shared };
  return {
    type: 'upsert',
    ...shared,
    payload: stored.payload ?? {},
    ...(stored.changedFields === undefined ? {} : { changedFields: stored.changedFields }),
    ...(stored.deltas === undefined ? {} : { deltas: stored.deltas }),
  };
}

/** All operations of these entities, by entity, in outbox order. */
export async function readQueues(
  session: Session,
  kind: string,
  entityIds: readonly string[],
): Promise<Map<string, StoredOp[]>> {
  const queues = new Map<string, StoredOp[]>();
  if (entityIds.length === 0) return queues;
  const rows = await session.query<PackedOutboxRow>(
    `SELECT ${packedOutboxColumns(session.dialect)} FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} ORDER BY "seq"`,
    [kind, listOf(entityIds)],
  );
  for (const op of rows.map(unpackedOp)) {
    const queue = queues.get(op.entityId);
    if (queue) queue.push(op);
    else queues.set(op.entityId, [op]);
  }
  return queues;
}

/** The operations of a frozen group: all up to the newest, which carries the request. Empty if no request is open. */
export const frozenGroup = (queue: readonly StoredOp[]): readonly StoredOp[] => {
  const holder = queue.findIndex((op) => op.requestId !== undefined);
  return holder === -1 ? [] : queue.slice(0, holder + 1);
};
