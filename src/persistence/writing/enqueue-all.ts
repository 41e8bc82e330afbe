import type { FindOptionsWhere, ObjectLiteral } from 'typeorm';
import { SyncAbortedError, ValidationError } from '../../model/errors/errors.ts';
import { upsertOp } from '../../model/operation.ts';
import { yieldTurn } from '../../model/platform/yield-turn.ts';
import { checkOp, payloadToSend } from '../outbox/enqueue.ts';
import { enqueueMany, type Queueable } from '../outbox/enqueue-many.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';

export interface EnqueueAllProgress {
  /** Rows queued so far by this call. */
  readonly queued: number;
  /** Rows checked so far. */
  readonly done: number;
  /** Rows in the table. */
  readonly total: number;
}

export interface EnqueueAllOptions<Entity extends ObjectLiteral> {
  /** Restricts the rows with a `find` condition on columns of this table. */
  readonly where?: FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[] | undefined;
  /**
   * Default `neverSent`: rows that no server ever had. `all`: every visible row without a queued operation, for a
   * server that lost its data.
   */
  readonly rows?: 'neverSent' | 'all' | undefined;
  /** Rows per transaction, 1 to 1000; default 200. Other work runs between two transactions. */
  readonly batchSize?: number | undefined;
  /** Called after each committed batch. */
  readonly onProgress?: ((progress: EnqueueAllProgress) => void) | undefined;
  /** Ends the call after the current batch. Queued rows stay queued, and the next call continues. */
  readonly signal?: AbortSignal | undefined;
}

export interface EnqueuedAll {
  readonly queued: number;
  /** Rows that could never be sent, each with the reason. They stay unchanged. */
  readonly refused: readonly { readonly id: string; readonly error: Error }[];
}

interface Parts {
  readonly unit: UnitOfWork;
  readonly table: ReplicaTable;
  /** Whether the caller is gone; ends the call like `signal`. */
  readonly isOver: () => boolean;
}

/** An id as the driver returns it. */
type RawId = string | number;

/** Rows after one id up to another in the database's order; without `upTo` to the end. */
interface Window {
  readonly after: RawId | undefined;
  readonly upTo: RawId | undefined;
}

type Refused = EnqueuedAll['refused'][number];

/**
 * Queues existing rows, one operation each, in short transactions (F-153). Stores no progress: queued rows and rows
 * that a server took are skipped. A call after a crash therefore continues, and a second call queues nothing twice.
 *
 * No field counts as changed by the user, and the server may or may not have the row. The engine reads the row before
 * it sends the operation. If the server has it, the server's row stays.
 */
export async function enqueueAll<Entity extends ObjectLiteral>(
  parts: Parts,
  options: EnqueueAllOptions<Entity> = {},
): Promise<EnqueuedAll> {
  const { unit, table } = parts;
  const { batchSize = 200, rows: which = 'neverSent', where, signal } = options;
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1 && batchSize <= 1_000))
    throw new RangeError(`enqueueAll: batchSize must be a whole number from 1 to 1000, got ${String(batchSize)}`);
  if (!['neverSent', 'all'].includes(which))
    throw new RangeError(`enqueueAll: rows must be 'neverSent' or 'all', got '${String(which)}'`);
  if (table.pullOnly)
    throw new ValidationError(
      `enqueueAll: '${table.kind}' is pullOnly, so its rows are never sent; nothing was queued`,
    );
  const refused: Refused[] = [];
  let queued = 0;
  let done = 0;
  const total = await unit.read((session) => countRows(session, table));
  let window: Window | undefined = { after: undefined, upTo: undefined };
  for (let after: RawId | undefined; window !== undefined; after = window?.upTo) {
    if (signal?.aborted === true || parts.isOver())
      throw new SyncAbortedError(
        `enqueueAll: ended with ${queued} rows of ${table.kind} queued; they stay queued, and another call continues`,
      );
    const next = await unit.read(async (session) => {
      const found = await nextWindow(session, table, after, batchSize);
      return { ...found, hasRows: (await idsIn(session, table, found.window, { which, where })).length > 0 };
    });
    window = next.window.upTo === undefined ? undefined : next.window;
    done += next.size;
    if (next.hasRows) {
      const batch = await unit.transaction(async (session) => {
        // Checked again, because somebody may have written or queued one of them meanwhile.
        const list = await queueableOf(session, parts, await idsIn(session, table, next.window, { which, where }));
        await enqueueMany(session, table, list.queueable, unit.clock.now());
        return list;
      });
      queued += batch.queueable.length;
      refused.push(...batch.refused);
    }
    tell(options.onProgress, { queued, done, total: Math.max(total, done) });
    await yieldTurn();
  }
  return { queued, refused };
}

function tell(listener: ((progress: EnqueueAllProgress) => void) | undefined, progress: EnqueueAllProgress): void {
  try {
    listener?.(progress);
  } catch (error) {
    reportQuietly(error);
  }
}

const countRows = async (session: Session, table: ReplicaTable): Promise<number> =>
  Number((await session.one<{ count: number | string }>(`SELECT COUNT(*) AS "count" FROM ${table.table}`))?.count ?? 0);

/** The next rows by id. A table of any size is processed in steps of equal size. */
async function nextWindow(
  session: Session,
  table: ReplicaTable,
  after: RawId | undefined,
  size: number,
): Promise<{ readonly window: Window; readonly size: number }> {
  const condition = after === undefined ? 'true' : `${table.id} > ?`;
  const rows = await session.query<{ id: RawId }>(
    `SELECT ${table.id} AS "id" FROM ${table.table} WHERE ${condition} ORDER BY ${table.id} LIMIT ${size}`,
    after === undefined ? [] : [after],
  );
  return { window: { after, upTo: rows.length < size ? undefined : rows.at(-1)?.id }, size: rows.length };
}

/** The ids of a window to queue: the app's condition through TypeORM, combined with ours. */
async function idsIn(
  session: Session,
  table: ReplicaTable,
  { after, upTo }: Window,
  {
    which,
    where,
  }: { readonly which: 'neverSent' | 'all'; readonly where: ObjectLiteral | ObjectLiteral[] | undefined },
): Promise<readonly string[]> {
  const id = `"row".${table.id}`;
  const query = session.queryRunner.manager.createQueryBuilder<ObjectLiteral>(table.metadata.target, 'row');
  // As in `find`, an undefined property is rejected and does not select all rows.
  query
    .setFindOptions({ ...(where === undefined ? {} : { where }), withDeleted: true, loadEagerRelations: false })
    .select(id, 'id');
  if (after !== undefined) query.andWhere(`${id} > :synchartAfter`, { synchartAfter: after });
  if (upTo !== undefined) query.andWhere(`${id} <= :synchartUpTo`, { synchartUpTo: upTo });
  const { sql, parameters } = table.conditions.unsent(which, '"row"');
  let count = 0;
  const named = Object.fromEntries(parameters.map((value, index) => [`synchart${index}`, value]));
  query.andWhere(`(${sql.replaceAll('?', () => `:synchart${count++}`)})`, named).orderBy(id);
  return [...new Set((await query.getRawMany<{ id: RawId }>()).map((row) => String(row.id)))];
}

/** The operations of these rows. Only the row itself fails if it cannot be mapped or sent (I13). */
async function queueableOf(
  session: Session,
  { table, unit }: Parts,
  ids: readonly string[],
): Promise<{ readonly queueable: readonly Queueable[]; readonly refused: readonly Refused[] }> {
  const queueable: Queueable[] = [];
  const refused: Refused[] = [];
  const localTimestamp = new Date(unit.clock.now());
  const stored = await table.rows.readRaw(session, ids);
  for (const id of ids) {
    const raw = stored.get(id);
    if (raw === undefined) continue;
    try {
      const row = table.mapping.rawToWire(raw);
      const op = upsertOp({
        kind: table.kind,
        id,
        localTimestamp,
        payload: payloadToSend(row, table),
        changedFields: [],
        creates: false,
      });
      checkOp(op, table, row);
      queueable.push({ op, preImage: { row, version: undefined } });
    } catch (cause) {
      refused.push({ id, error: cause instanceof Error ? cause : new Error(String(cause)) });
    }
  }
  return { queueable, refused };
}
