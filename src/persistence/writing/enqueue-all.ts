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
  /** Only these rows, in the words of `find`; conditions on columns of this table. */
  readonly where?: FindOptionsWhere<Entity> | FindOptionsWhere<Entity>[] | undefined;
  /**
   * Default `neverSent`: rows that no server ever had. `all`: every shown row of which nothing is queued, for a server
   * that lost its data.
   */
  readonly rows?: 'neverSent' | 'all' | undefined;
  /** Rows per transaction, 1 to 1000; default 200. Other work has its turn between two transactions. */
  readonly batchSize?: number | undefined;
  /** Called after each committed batch. */
  readonly onProgress?: ((progress: EnqueueAllProgress) => void) | undefined;
  /** Ends the call after the batch under way. What was queued stays queued; the next call goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

export interface EnqueuedAll {
  readonly queued: number;
  /** Rows that could never be sent, each with the reason. They stay as they are. */
  readonly refused: readonly { readonly id: string; readonly error: Error }[];
}

interface Parts {
  readonly unit: UnitOfWork;
  readonly table: ReplicaTable;
  /** Whether whoever asked is gone; ends the call as `signal` does. */
  readonly isOver: () => boolean;
}

/** An id as the driver gives it. */
type RawId = string | number;

/** Rows from one id, which is left out, to another in the order of the database; without `upTo` to the end. */
interface Window {
  readonly after: RawId | undefined;
  readonly upTo: RawId | undefined;
}

type Refused = EnqueuedAll['refused'][number];

/**
 * Queues rows as they are, one operation each, in short transactions (F-153). Nothing remembers how far a call came: a
 * row that is queued, or that a server took, is passed over. So a call after a crash goes on where the first one ended,
 * and a second call queues nothing twice.
 *
 * No field counts as changed by the user, and nobody knows whether the server has the row. The engine looks before it
 * sends the operation; where the server has the row, the server's stays.
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
    throw new ValidationError(`enqueueAll: '${table.kind}' is pullOnly, its rows are never sent; nothing was queued`);
  const refused: Refused[] = [];
  let queued = 0;
  let done = 0;
  const total = await unit.read((session) => countRows(session, table));
  let window: Window | undefined = { after: undefined, upTo: undefined };
  for (let after: RawId | undefined; window !== undefined; after = window?.upTo) {
    if (signal?.aborted === true || parts.isOver())
      throw new SyncAbortedError(
        `enqueueAll: ended with ${queued} rows of ${table.kind} queued; they stay queued, and another call goes on from there`,
      );
    const next = await unit.read(async (session) => {
      const found = await nextWindow(session, table, after, batchSize);
      return { ...found, hasRows: (await idsIn(session, table, found.window, { which, where })).length > 0 };
    });
    window = next.window.upTo === undefined ? undefined : next.window;
    done += next.size;
    if (next.hasRows) {
      const batch = await unit.transaction(async (session) => {
        // Asked again: somebody may have written or queued one of them meanwhile.
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

/** The next rows by id: a table of any size is gone through in steps of the same size. */
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

/** The ids of a window that are to be queued: the app's condition in TypeORM's words, and ours beside it. */
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
  // As `find` reads it: a property that is undefined is refused, and does not stand for all rows.
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

/** The operations of these rows. A row that cannot be mapped or sent is refused alone (I13). */
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
