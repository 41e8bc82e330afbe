import { OutboxState } from '../../database/outbox-columns.ts';
import { chunked, listOf, type Session, type SqlType } from '../../sql/session.ts';
import type { StoredOp } from '../outbox-rows.ts';
import { startsFrom, seqIn, move, refuse } from './move.ts';

const { inFlight } = OutboxState;

/** The content of a request that is about to be sent, stored on the newest of its operations. */
export interface FrozenRequest {
  readonly seq: number;
  readonly requestId: string;
  /** Null: the same as the operation's. */
  readonly body: string | null;
  readonly base: string | undefined;
  /** The operation is also the head of its line. */
  readonly isHead: boolean;
}

/** Key of the next request: the operation's own id, then `#2`, `#3`… for other bodies (I2, F-32, F-133). */
export const nextRequestId = (op: Pick<StoredOp, 'opId' | 'attempt'>): string =>
  op.attempt === 0 ? op.opId : `${op.opId}#${op.attempt + 1}`;

const frozenTypes: readonly SqlType[] = ['integer', 'text', 'text', 'text', 'integer'];

/** Heads sent as stored, because the row contains the whole request. The key is that of `nextRequestId`. */
export const takePlainly = (session: Session, seqs: readonly number[], now: number): Promise<void> =>
  move(
    session,
    'take',
    seqs,
    `"request_id" = CASE WHEN "attempt" = 0 THEN "op_id" ELSE "op_id" || '#' || CAST("attempt" + 1 AS text) END, "frozen_body" = NULL,
       "frozen_base" = NULLIF("base_updated_at", ''), "first_sent_at" = ?, "attempt" = "attempt" + 1, "state" = ${inFlight}, "due_at" = NULL`,
    [Math.trunc(now)],
  );

/** Freezes each request on the newest of its operations, and takes the heads among them. */
export async function freezeRequests(session: Session, requests: readonly FrozenRequest[], now: number): Promise<void> {
  for (const part of chunked(requests, 500)) {
    const changed = await session.changed(
      `UPDATE "sync_outbox" SET "request_id" = "f"."column2", "frozen_body" = "f"."column3", "frozen_base" = "f"."column4", "first_sent_at" = ?, "attempt" = "attempt" + 1,
         "state" = CASE WHEN "f"."column5" = 1 THEN ${inFlight} ELSE "state" END, "due_at" = NULL
       FROM (${session.dialect.values(frozenTypes, part.length)}) AS "f" WHERE "sync_outbox"."seq" = "f"."column1" AND ("f"."column5" = 0 OR ${startsFrom('take')})`,
      [
        Math.trunc(now),
        ...part.flatMap(({ seq, requestId, body, base, isHead }) => [
          seq,
          requestId,
          body,
          base ?? null,
          isHead ? 1 : 0,
        ]),
      ],
    );
    const seqs = part.map(({ seq }) => seq);
    if (changed !== seqs.length) await refuse(session, 'take', seqs);
  }
}

/** Heads whose request is frozen already, or stored on a later operation. */
export const takeHeads = (session: Session, seqs: readonly number[]): Promise<void> =>
  move(session, 'take', seqs, `"state" = ${inFlight}, "due_at" = NULL`);

/** Restarts the time of a request that somebody released to be sent again. */
export async function renewRequests(session: Session, seqs: readonly number[], now: number): Promise<void> {
  if (seqs.length > 0)
    await session.run(`UPDATE "sync_outbox" SET "first_sent_at" = ? WHERE ${seqIn(session)}`, [
      Math.trunc(now),
      listOf(seqs),
    ]);
}

/** Stores the base found by reading the server's row, before the first byte is sent. */
export const confirmFrozenBase = (
  session: Session,
  of: { readonly kind: string; readonly entityId: string; readonly requestId: string },
  base: string,
): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "frozen_base" = ? WHERE "kind" = ? AND "entity_id" = ? AND "request_id" = ?', [
    base,
    of.kind,
    of.entityId,
    of.requestId,
  ]);
